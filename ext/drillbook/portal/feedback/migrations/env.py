"""How alembic runs our migrations: on the connection that `store` passes in, which has the lock."""

from alembic import context

from drillbook.portal.feedback.store import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
