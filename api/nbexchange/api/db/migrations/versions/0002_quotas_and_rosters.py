"""Quotas are counted, and courses have rosters"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "3.0.0"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

CHECKS = {
    "verb": "verb IN ('released', 'fetched', 'submitted', 'removed', 'collected', 'feedback_released', "
    "'feedback_fetched', 'enrolled', 'unenrolled')",
    "kind": "kind IN ('release', 'submission', 'feedback', 'assignment', 'roster')",
    "roster": "(kind = 'roster') = (verb IN ('enrolled', 'unenrolled'))",
    "assignment_id": "(kind = 'roster') = (assignment_id IS NULL)",
    "role": "(kind = 'roster') = (role IS NOT NULL)",
}


def upgrade() -> None:
    count_quotas()
    keep_rosters()
    log_rosters()


def count_quotas() -> None:
    op.create_index("ix_upload_begun", "upload", ["actor_pk", "expires_at"])
    op.create_index(
        "ix_upload_stored",
        "upload",
        ["assignment_pk", "size"],
        postgresql_where=sa.text("sweeps = 0"),
        sqlite_where=sa.text("sweeps = 0"),
    )


def keep_rosters() -> None:
    op.create_table(
        "membership",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("course_pk", KEY, nullable=False),
        sa.Column("person_pk", KEY, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("lms_user_id", sa.String(), nullable=True),
        sa.CheckConstraint("role IN ('student', 'grader', 'instructor')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(
            ["org_pk", "course_pk"],
            ["course.org_pk", "course.pk"],
            name=op.f("fk_membership_org_pk_course_pk"),
        ),
        sa.ForeignKeyConstraint(
            ["org_pk", "person_pk"],
            ["person.org_pk", "person.pk"],
            name=op.f("fk_membership_org_pk_person_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_membership")),
        sa.UniqueConstraint("course_pk", "person_pk", name=op.f("uq_membership_course_pk_person_pk")),
    )
    op.create_index(op.f("ix_membership_person_pk"), "membership", ["person_pk"])


def log_rosters() -> None:
    """SQLite changes a table by making it anew, and knows its checks no longer then: there is none to drop."""
    if op.get_bind().dialect.name != "sqlite":
        for name in ("verb", "kind"):
            op.drop_constraint(op.f(f"ck_action_{name}"), "action", type_="check")
    with op.batch_alter_table("action") as batch:
        batch.add_column(sa.Column("role", sa.String(), nullable=True))
        batch.alter_column("assignment_id", existing_type=sa.String(), nullable=True)
        for name, text in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_action_{name}"), text)
