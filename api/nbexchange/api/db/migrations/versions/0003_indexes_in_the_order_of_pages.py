"""Indexes in the order of pages"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

OF_COURSE = ["org_pk", "course_id"]
ORDER = ["at", "pk"]


def upgrade() -> None:
    op.create_index("ix_action_object", "action", ["upload_pk", "verb", "actor_pk", "at"])
    op.create_index("ix_action_of_course", "action", [*OF_COURSE, *ORDER])
    op.create_index("ix_action_of_assignment", "action", [*OF_COURSE, "assignment_id", *ORDER])
    op.create_index("ix_action_of_verb", "action", [*OF_COURSE, "verb", *ORDER])
    op.create_index("ix_action_of_actor", "action", [*OF_COURSE, "actor", *ORDER])
    op.create_index(
        "ix_action_of_student",
        "action",
        [*OF_COURSE, "on_behalf", *ORDER],
        postgresql_where=sa.text("on_behalf IS NOT NULL"),
        sqlite_where=sa.text("on_behalf IS NOT NULL"),
    )
    op.create_index("ix_assignment_page", "assignment", ["course_pk", "pk"])
    op.create_index("ix_membership_page", "membership", ["course_pk", "pk"])
    # An older service finds what it needs in the new ones, or in those of unique constraints.
    op.drop_index("ix_action_course", "action")
    op.drop_index("ix_action_recent", "action")
    op.drop_index("ix_action_upload_pk", "action")
    op.drop_index("ix_submission_student_pk", "submission")
    op.drop_index("ix_feedback_student_pk", "feedback")
    op.execute("UPDATE schema_level SET level = 3, oldest_compatible_level = 1")
