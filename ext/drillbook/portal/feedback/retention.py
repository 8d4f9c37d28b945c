"""What is too old is removed, whether anybody answers or not: at once, and each day while a server runs."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from drillbook.portal.feedback.answer import ago
from drillbook.portal.feedback.store import Store, StoreError

DAY_S: Final = 86_400
LOGGER: Final = logging.getLogger(__name__)


@contextmanager
def retention(store: Store, days: float, every_s: float = DAY_S) -> Iterator[None]:
    """Keep no answer of *store* for longer than *days*, until this ends."""
    ended = threading.Event()

    def again() -> None:
        while not ended.wait(every_s):
            _prune(store, days)

    _prune(store, days)
    thread = threading.Thread(target=again, name="retention", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _prune(store: Store, days: float) -> None:
    try:
        store.prune(ago(days))
    except StoreError as error:  # the next day it is tried again
        LOGGER.error("old feedback is not removed: %s", error)
