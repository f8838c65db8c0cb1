"""The migrations of the schema, which Alembic runs."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """Bring the schema to the last revision; the caller holds the lock of upgrades."""
    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "nbexchange.api.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
