"""Runs the migrations on the connection that `nbexchange.api.db.upgrade` hands over."""

from alembic import context

from nbexchange.api.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
