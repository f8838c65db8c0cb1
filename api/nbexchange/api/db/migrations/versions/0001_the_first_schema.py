"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_organisation")),
        sa.UniqueConstraint("org_id", name=op.f("uq_organisation_org_id")),
    )
    op.create_table(
        "schema_level",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("level", KEY, nullable=False),
        sa.Column("oldest_compatible_level", KEY, nullable=False),
        sa.CheckConstraint(
            "oldest_compatible_level <= level", name=op.f("ck_schema_level_oldest_compatible_level")
        ),
        sa.CheckConstraint("pk = 1", name=op.f("ck_schema_level_single")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_schema_level")),
    )
    op.create_table(
        "course",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["org_pk"], ["organisation.pk"], name=op.f("fk_course_org_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_course")),
        sa.UniqueConstraint("org_pk", "course_id", name=op.f("uq_course_org_pk_course_id")),
        sa.UniqueConstraint("org_pk", "pk", name=op.f("uq_course_org_pk_pk")),
    )
    op.create_table(
        "person",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("lms_user_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["org_pk"], ["organisation.pk"], name=op.f("fk_person_org_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_person")),
        sa.UniqueConstraint("org_pk", "name", name=op.f("uq_person_org_pk_name")),
        sa.UniqueConstraint("org_pk", "pk", name=op.f("uq_person_org_pk_pk")),
    )
    op.create_table(
        "assignment",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("course_pk", KEY, nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_pk", "course_pk"],
            ["course.org_pk", "course.pk"],
            name=op.f("fk_assignment_org_pk_course_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_assignment")),
        sa.UniqueConstraint("course_pk", "assignment_id", name=op.f("uq_assignment_course_pk_assignment_id")),
        sa.UniqueConstraint("org_pk", "pk", name=op.f("uq_assignment_org_pk_pk")),
    )
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

    op.create_table(
        "upload",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("assignment_pk", KEY, nullable=False),
        sa.Column("actor_pk", KEY, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("unpacked_size", sa.BigInteger(), nullable=True),
        sa.Column("notebooks", sa.JSON(), nullable=False),
        sa.Column("force", sa.Boolean(), nullable=False),
        sa.Column("by_instructor", sa.Boolean(), nullable=False),
        sa.Column("student_pk", KEY, nullable=True),
        sa.Column("notebook_id", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission_pk", KEY, nullable=True),
        sa.Column("stamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("url_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sweeps", KEY, nullable=False),
        sa.CheckConstraint(
            "(kind = 'feedback') = (notebook_id IS NOT NULL)", name=op.f("ck_upload_notebook_id")
        ),
        sa.CheckConstraint(
            "(kind = 'feedback') = (submitted_at IS NOT NULL)", name=op.f("ck_upload_submitted_at")
        ),
        sa.CheckConstraint(
            "(kind = 'feedback') = (unpacked_size IS NULL)", name=op.f("ck_upload_unpacked_size")
        ),
        sa.CheckConstraint("(kind = 'release') = (student_pk IS NULL)", name=op.f("ck_upload_student_pk")),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_upload_completed_at")
        ),
        sa.CheckConstraint(
            "kind = 'feedback' OR submission_pk IS NULL", name=op.f("ck_upload_submission_pk")
        ),
        sa.CheckConstraint("kind IN ('release', 'submission', 'feedback')", name=op.f("ck_upload_kind")),
        sa.CheckConstraint(
            "state IN ('pending', 'completed', 'rejected', 'expired', 'aborted', 'purged')",
            name=op.f("ck_upload_state"),
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_upload_sha256")),
        sa.CheckConstraint("size >= 1", name=op.f("ck_upload_size")),
        sa.ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "submission_pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
            name=op.f("fk_upload_assignment_pk_student_pk_submission_pk"),
        ),
        sa.ForeignKeyConstraint(
            ["org_pk", "actor_pk"], ["person.org_pk", "person.pk"], name=op.f("fk_upload_org_pk_actor_pk")
        ),
        sa.ForeignKeyConstraint(
            ["org_pk", "assignment_pk"],
            ["assignment.org_pk", "assignment.pk"],
            name=op.f("fk_upload_org_pk_assignment_pk"),
        ),
        sa.ForeignKeyConstraint(
            ["org_pk", "student_pk"], ["person.org_pk", "person.pk"], name=op.f("fk_upload_org_pk_student_pk")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_upload")),
        sa.UniqueConstraint("actor_pk", "item_id", name=op.f("uq_upload_actor_pk_item_id")),
        sa.UniqueConstraint("assignment_pk", "pk", name=op.f("uq_upload_assignment_pk_pk")),
        sa.UniqueConstraint(
            "assignment_pk", "student_pk", "pk", name=op.f("uq_upload_assignment_pk_student_pk_pk")
        ),
        sa.UniqueConstraint("object_key", name=op.f("uq_upload_object_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_upload_uuid")),
    )
    op.create_index(op.f("ix_upload_begun"), "upload", ["actor_pk", "expires_at"])
    op.create_index(op.f("ix_upload_due"), "upload", ["state", "url_expires_at"])
    op.create_index(
        op.f("ix_upload_stored"),
        "upload",
        ["assignment_pk", "size"],
        unique=False,
        postgresql_where=sa.text("sweeps = 0"),
        sqlite_where=sa.text("sweeps = 0"),
    )
    op.create_index(
        op.f("uq_upload_stamp"),
        "upload",
        ["assignment_pk", "student_pk", "stamp"],
        unique=True,
        postgresql_where=sa.text("kind = 'submission'"),
        sqlite_where=sa.text("kind = 'submission'"),
    )

    op.create_table(
        "action",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_pk", KEY, nullable=False),
        sa.Column("actor_pk", KEY, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("on_behalf", sa.String(), nullable=True),
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("upload_pk", KEY, nullable=True),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.CheckConstraint("(kind = 'assignment') = (verb IN ('purged'))", name=op.f("ck_action_assignment")),
        sa.CheckConstraint(
            "(kind = 'feedback') = (verb IN ('feedback_released', 'feedback_fetched'))",
            name=op.f("ck_action_feedback"),
        ),
        sa.CheckConstraint(
            "(kind = 'release') = (verb IN ('released', 'unreleased', 'fetched'))",
            name=op.f("ck_action_release"),
        ),
        sa.CheckConstraint(
            "(kind = 'roster') = (assignment_id IS NULL)", name=op.f("ck_action_assignment_id")
        ),
        sa.CheckConstraint("(kind = 'roster') = (role IS NOT NULL)", name=op.f("ck_action_role")),
        sa.CheckConstraint(
            "(kind = 'roster') = (verb IN ('enrolled', 'unenrolled'))", name=op.f("ck_action_roster")
        ),
        sa.CheckConstraint(
            "(kind = 'submission') = "
            "(verb IN ('submitted', 'submission_fetched', 'collected', 'removed', 'hidden'))",
            name=op.f("ck_action_submission"),
        ),
        sa.CheckConstraint(
            "kind IN ('release', 'assignment', 'submission', 'feedback', 'roster')",
            name=op.f("ck_action_kind"),
        ),
        sa.CheckConstraint(
            "verb IN ('released', 'unreleased', 'fetched', 'purged', 'submitted', 'submission_fetched', "
            "'collected', 'removed', 'hidden', 'feedback_released', 'feedback_fetched', 'enrolled', 'unenrolled')",
            name=op.f("ck_action_verb"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_pk"], ["person.pk"], name=op.f("fk_action_actor_pk"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["org_pk"], ["organisation.pk"], name=op.f("fk_action_org_pk")),
        sa.ForeignKeyConstraint(
            ["upload_pk"], ["upload.pk"], name=op.f("fk_action_upload_pk"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_course"), "action", ["org_pk", "course_id", "pk"])
    op.create_index(op.f("ix_action_recent"), "action", ["actor_pk", "object_id", "at"])
    op.create_index(op.f("ix_action_upload_pk"), "action", ["upload_pk"])
    op.create_index(
        op.f("uq_action_once"),
        "action",
        ["upload_pk", "verb"],
        unique=True,
        postgresql_where=sa.text("verb IN ('released', 'submitted', 'feedback_released')"),
        sqlite_where=sa.text("verb IN ('released', 'submitted', 'feedback_released')"),
    )

    op.create_table(
        "feedback",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("assignment_pk", KEY, nullable=False),
        sa.Column("student_pk", KEY, nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notebook_id", sa.String(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
            name=op.f("fk_feedback_assignment_pk_student_pk_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_student_pk"), "feedback", ["student_pk"])
    op.create_index(
        op.f("uq_feedback_current"),
        "feedback",
        ["assignment_pk", "student_pk", "submitted_at", "notebook_id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
        sqlite_where=sa.text("is_current"),
    )

    op.create_table(
        "release",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("assignment_pk", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_pk", "pk"],
            ["upload.assignment_pk", "upload.pk"],
            name=op.f("fk_release_assignment_pk_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_release")),
        sa.UniqueConstraint("assignment_pk", "version", name=op.f("uq_release_assignment_pk_version")),
    )
    op.create_index(
        op.f("uq_release_current"),
        "release",
        ["assignment_pk"],
        unique=True,
        postgresql_where=sa.text("is_current"),
        sqlite_where=sa.text("is_current"),
    )

    op.create_table(
        "submission",
        sa.Column("pk", KEY, nullable=False),
        sa.Column("assignment_pk", KEY, nullable=False),
        sa.Column("student_pk", KEY, nullable=False),
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("hidden_from_course", sa.Boolean(), nullable=False),
        sa.Column("hidden_from_owner", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_pk", "student_pk", "pk"],
            ["upload.assignment_pk", "upload.student_pk", "upload.pk"],
            name=op.f("fk_submission_assignment_pk_student_pk_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "assignment_pk",
            "student_pk",
            "attempt",
            name=op.f("uq_submission_assignment_pk_student_pk_attempt"),
        ),
    )
    op.create_index(op.f("ix_submission_student_pk"), "submission", ["student_pk"])
    op.execute("INSERT INTO schema_level (pk, level, oldest_compatible_level) VALUES (1, 1, 1)")
