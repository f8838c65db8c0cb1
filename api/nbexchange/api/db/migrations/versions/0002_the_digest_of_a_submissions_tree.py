"""The digest of a submission's tree"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # As text, since SQLite adds no constraint but with its column. Older services leave the column empty.
    op.execute(
        "ALTER TABLE upload ADD COLUMN tree_sha256 VARCHAR "
        "CONSTRAINT ck_upload_tree_sha256 CHECK "
        "(tree_sha256 IS NULL OR kind = 'submission' AND length(tree_sha256) = 64)"
    )
    op.execute("UPDATE schema_level SET level = 2, oldest_compatible_level = 1")
