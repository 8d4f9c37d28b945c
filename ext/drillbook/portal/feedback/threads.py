"""Threads for the database alone: one that does not answer keeps nobody from the pages, which are read in other threads."""

from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple, Unpack

from anyio import CapacityLimiter, fail_after, to_thread

from drillbook.portal.feedback.store import WAIT_S, StoreError

THREADS: Final = 8  # fewer than the connections that a store opens
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Threads:
    """So many at once; who waits longer than *wait_s* seconds for one is refused."""

    def __init__(self, number: int = THREADS, wait_s: float = WAIT_S) -> None:
        self._limiter, self._wait_s = CapacityLimiter(number), wait_s

    async def run(self, function: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        """What *function* returns. Once begun it is not given up: the store has limits of its own.

        Raises:
            StoreError: No thread was free in time, or what the function raises.
        """
        try:
            with fail_after(self._wait_s):
                return await to_thread.run_sync(function, *arguments, limiter=self._limiter)
        except TimeoutError as error:
            raise StoreError(f"the database keeps all that wait for it, for {self._wait_s:g} s and more") from error
