"""What the partial indexes are worth: the statements of relay and monitor, as the table of jobs grows."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, Final

import psycopg

from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.storage import indexes, jobs
from audio_enhancement.storage.database import Database
from bench.tuning.result import Cell, result
from bench.tuning.stack import bench, say

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
TIMES: Final = 7
_FILL: Final = """
    INSERT INTO jobs (id, api_key_id, status, attempts, cached, format, content_sha256, created_at, enqueued_at, started_at, finished_at)
    SELECT gen_random_uuid(), (SELECT id FROM api_keys LIMIT 1), 'done', 1, false, 'WAV', md5(n::text) || md5(n::text),
           now() - n * interval '1 second', now(), now(), now() - n * interval '1 second'
    FROM generate_series(%s::int, %s::int) AS n"""


def measure() -> Mapping[str, Any]:
    """Time of one look of relay and monitor at the table, in ms."""
    rows, have = [], 0
    with bench() as made:
        made.up(servers_only=True)
        dsn = made.stack.environment["AE_DATABASE_DSN"].replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(dsn, autocommit=True) as connection, made.settings():
            database = Database(DatabaseSettings(statement_timeout_ms=0))
            _key(connection)
            for size in SIZES:
                say(f"{size} rows")
                connection.execute(_FILL, (have + 1, size))
                connection.execute("VACUUM ANALYZE jobs")
                have = size
                with_indexes = _look(database)
                connection.execute("DROP INDEX jobs_unfinished, jobs_dead")
                without = _look(database)
                for lost in indexes.missing(database):
                    indexes.rebuild(database, lost)
                rows.append([size, without, with_indexes])
    return result(
        "One look of relay and monitor at the table of jobs",
        [("Rows", "rows"), ("Without the indexes", "ms"), ("With the indexes", "ms")],
        rows,
        before=Cell(len(SIZES) - 1, 1, f"{SIZES[-1]:,} rows and no index of what has not ended"),
        after=Cell(len(SIZES) - 1, 2, "as many rows, with the indexes"),
        log=("x", "y"),
    )


def _key(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO api_keys (id, name, sha256) VALUES (gen_random_uuid(), 'measured', repeat('0', 64))"
        " ON CONFLICT DO NOTHING"
    )


def _look(database: Database) -> float:
    """The median time in ms of all that is asked in one round."""
    asked: tuple[Callable[[], object], ...] = (
        lambda: jobs.outbox(database, 10),
        lambda: jobs.left_behind(database, 10, 120),
        lambda: jobs.oldest_unfinished_age_s(database),
        lambda: jobs.list_dead(database),
    )
    times = []
    for _ in range(TIMES):  # the median leaves out the first one, which reads what is not in memory yet
        began = time.perf_counter()
        for ask in asked:
            ask()
        times.append(time.perf_counter() - began)
    return 1000 * median(times)
