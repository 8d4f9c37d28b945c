"""How alembic runs our migrations: on the engine that `storage.migrate` passes in, one at a time."""

from alembic import context
from sqlalchemy import Engine, text

from audio_enhancement.storage.models import Base

MIGRATION_LOCK = 4_210_001
"""Advisory lock that all migrations share, so that two hosts do not migrate at once. Any fixed number serves."""

engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        # An index takes longer to build than a request may take. But a migration that waits for a table makes all
        # later statements wait behind it, so that wait is kept short.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        connection.execute(text("SET LOCAL lock_timeout = '3s'"))
        context.run_migrations()
