"""How many connections to the database a gateway needs: many clients ask how their jobs stand."""

import http.client
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from bench.tuning.load import burst, p95, recordings, send
from bench.tuning.result import Cell, result
from bench.tuning.stack import Bench, bench, say

POOLS: Final = (1, 2, 5, 10, 20)
CLIENTS: Final = 16
SECONDS: Final = 8.0


def measure() -> Mapping[str, Any]:
    """Answers in a second, and how long the slowest take."""
    rows = []
    with bench() as made:
        for size in POOLS:
            made.up({"AE_DATABASE_POOL_SIZE": str(size)})
            rows.append([size, *_asked(made)])
    return result(
        f"Requests of {CLIENTS} clients at once, by database.pool_size",
        [("database.pool_size", "connections"), ("Answers", "requests/s"), ("95 % answered within", "ms")],
        rows,
        before=Cell(3, 1, "with ten, the default"),
        after=Cell(1, 1, "with two"),
    )


def _asked(made: Bench) -> tuple[float, float]:
    (recording,) = recordings(1, 1.0)
    burst(made, [recording])
    path = f"/v1/enhancements/{send(made, recording)}"
    headers = {"Authorization": f"Bearer {made.stack.api_key}"}
    stop = time.monotonic() + SECONDS
    times: list[float] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", made.stack.ports["nginx"], timeout=60)
        while time.monotonic() < stop:
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a request was answered with {answer.status}")
            times.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(f"{len(times)} answers")
    return len(times) / SECONDS, 1000 * p95(times)
