"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    # `level` as in db/upgrade.py. A service runs while its own level is at least `oldest_compatible_level`: raise that
    # only where an older service would break on this schema.
    op.execute("UPDATE schema_level SET level = , oldest_compatible_level = ")
