"""Gets what stands at an address: a page, a manual's data, the answer of Prometheus. No proxy is asked.

Standard library only, so that every floor above may use it.
"""

import urllib.error
import urllib.parse
import urllib.request
from typing import Final

SCHEMES: Final = ("http://", "https://")
MOST_BYTES: Final = 64 * 1024 * 1024


class FetchError(Exception):
    """What is not there, or does not come; the text says why. ``missing`` says that the server answered 404."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


def fetch(url: str, timeout_s: float) -> bytes:
    """What stands at *url*. Raises :exc:`FetchError`, also for anything but a 200."""
    if not url.startswith(SCHEMES):
        raise FetchError(f"{url} does not begin with http:// or https://")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as reply:
            content: bytes = reply.read(MOST_BYTES)
            if reply.status != 200:
                raise FetchError(f"{url} answers {reply.status}")
            return content
    except urllib.error.HTTPError as error:
        raise FetchError(f"{url} answers {error.code}", missing=error.code == 404) from error
    except (
        OSError,
        ValueError,
    ) as error:  # a name that is not known, a connection that breaks, an address that is none
        raise FetchError(f"{url} does not answer: {getattr(error, 'reason', error)}") from error
