"""Migrations of the database, by alembic. They only ever add.

During a deployment two versions run on one database, and a rollback goes back to the older one. So a migration adds
tables, columns with a default, and indexes; what is no longer needed is removed one release later.
"""

import argparse
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.storage.database import Database, DatabaseUnavailable, unavailable_if_gone


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["engine"] = database.engine
    return config


def _carried() -> ScriptDirectory:
    """The migrations of this release."""
    return ScriptDirectory(str(Path(__file__).with_name("migrations")))


def head() -> str:
    """The newest migration that this release carries."""
    newest = _carried().get_current_head()
    assert newest is not None  # the first migration is part of every release
    return newest


def current(database: Database) -> str | None:
    """The migration that the database is at; ``None`` for an empty one."""
    with database.begin() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def upgrade(database: Database) -> str:
    """Bring the database to `head`; does nothing when it is there. Concurrent calls wait for each other.

    A database that a newer release has migrated is left alone: migrations only add, so this release can use it.
    Returns the migration that the database is at.

    Raises:
        DatabaseUnavailable: no connection, or a table stayed locked. Nothing was changed; call again.
    """
    found = current(database)
    if found is not None and found not in {migration.revision for migration in _carried().walk_revisions()}:
        return found
    with unavailable_if_gone():
        command.upgrade(_config(database), "head")
    return head()


def parser() -> argparse.ArgumentParser:
    """Options of ``python -m audio_enhancement.storage.migrate``."""
    result = argparse.ArgumentParser(
        prog="python -m audio_enhancement.storage.migrate",
        description="Bring the database to the newest migration of this release.",
        epilog="Exit status: 0 done or nothing to do, 1 the database did not answer, 2 wrong usage.",
    )
    result.add_argument("--check", action="store_true", help="only say whether the database is up to date; 1 if not")
    return result


def main() -> int:
    """Run the command line."""
    arguments = parser().parse_args()
    database = Database(DatabaseSettings())
    try:
        if arguments.check:
            found = current(database)
            print(f"database at {found}, release at {head()}")
            return int(found != head())
        print(f"database at {upgrade(database)}")
    except DatabaseUnavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
