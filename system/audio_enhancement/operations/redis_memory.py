"""``scripts/redis_memory.sh``: what fills Redis' memory, and how much it may use."""

import argparse
import sys
from typing import Any, NamedTuple

from audio_enhancement.operations.command import OperationError, environment_of, execute, make_parser, print_json
from audio_enhancement.queueing.queue import JobQueue
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CacheSettings, QueueSettings
from audio_enhancement.stack.render import read_env, write_env
from audio_enhancement.storage import cache

MB = 1024 * 1024
"""Redis' own megabyte."""
SETTING = "AE_QUEUE_MEMORY_MB"


class Use(NamedTuple):
    """What Redis may use, what it should be allowed to use, what it uses, and what for. In bytes but for counts."""

    limit: int
    wanted: int
    used: int
    results: int
    results_bytes: int
    queued: int


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "redis_memory",
        "Show how much memory Redis uses, what for, and whether its limit is the one of the setting queue.memory_mb. "
        "With --limit-mb, set that limit: at once, and in the settings, so that it holds after a start of Redis.",
        """0  shown, or set
        1  Redis did not answer, or needs more than the limit asked for
        2  wrong usage""",
    )
    made.add_argument(
        "--limit-mb", type=int, metavar="N", help="let Redis use N MB from now on; what it holds stays as it is"
    )
    made.add_argument("--json", action="store_true", help="print JSON; sizes are in bytes")
    return made


def look() -> Use:
    """Ask Redis. How much the cached results take is an estimate from the size of one."""
    settings = CacheSettings()
    client = cache.connect(settings)
    memory: Any = client.info("memory")
    results = cache.entries(settings)
    one: Any = client.memory_usage(next(client.scan_iter(cache.PREFIX + "*"))) if results else 0
    queue = JobQueue(QueueSettings())
    try:
        queued = queue.counts().waiting
    finally:
        queue.close()
    wanted = QueueSettings().memory_mb * MB
    return Use(memory["maxmemory"], wanted, memory["used_memory"], results, results * (one or 0), queued)


def _show(use: Use) -> str:
    """Shares stand right behind their names: the first number of a line is what people compare."""

    def share(size: int) -> str:
        return f"{size / use.limit:.0%} of the limit, {size / MB:.1f} MB" if use.limit else f"{size / MB:.1f} MB"

    relation = "as" if use.limit == use.wanted else "lower than" if 0 < use.limit < use.wanted else "higher than"
    limit = f"{use.limit / MB:.1f} MB" if use.limit else "none"
    return "\n".join(
        [
            f"limit    {limit}, {relation} the {use.wanted / MB:g} MB of the setting queue.memory_mb",
            f"used     {share(use.used)}",
            f"results  {share(use.results_bytes)} in {use.results} entries, as far as can be estimated",
            f"queue    {use.queued} jobs wait",
        ]
    )


def _set(run: RunDir, limit_mb: int) -> None:
    most = QueueSettings.model_fields["memory_mb"].metadata
    least_mb, most_mb = (next(getattr(one, name) for one in most if hasattr(one, name)) for name in ("ge", "le"))
    if not least_mb <= limit_mb <= most_mb:
        raise OperationError(f"--limit-mb {limit_mb}: choose {least_mb} to {most_mb} MB")
    use = look()
    if limit_mb * MB <= use.used:
        raise OperationError(f"Redis holds {use.used / MB:.1f} MB: with {limit_mb} MB it would take nothing more")
    file = run.environment_file(environment_of(run))
    values = read_env(file)
    if values.get(SETTING) != str(limit_mb):
        write_env(file, {**values, SETTING: str(limit_mb)})
    cache.connect(CacheSettings()).config_set("maxmemory", limit_mb * MB)


def _run(options: argparse.Namespace, run: RunDir) -> int:
    if options.limit_mb is not None:
        _set(run, options.limit_mb)
    use = look()
    if options.json:
        print_json(use._asdict())
    else:
        print(_show(use))
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
