"""How many answers are taken in which time: of each client, and of all. In memory only, and without an address."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple

CLIENTS: Final = 10_000  # remembered at once; each takes some 200 bytes


class Rate(NamedTuple):
    """So many at once, and so many in each second after that."""

    burst: float
    per_second: float


class Bucket:
    """A token bucket; full at first."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate, self.tokens, self.at = rate, rate.burst, now

    def wait(self, now: float) -> float:
        """In how many seconds it has a token; 0 when it has one."""
        self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * self.rate.per_second)
        self.at = now
        return max(0.0, (1 - self.tokens) / self.rate.per_second)


class Limits:
    """The buckets of one server. A client is known by a salted hash, whose salt is gone when the process ends."""

    def __init__(self, client: Rate, total: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._total = Bucket(total, clock())
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()
        self._salt = secrets.token_bytes(16)

    def wait(self, address: str) -> float:
        """Take a token for *address*; returns 0, or in how many seconds there is one."""
        now = self._clock()
        key = hashlib.blake2b(_network(address).encode(), digest_size=16, key=self._salt).digest()
        bucket = self._buckets.setdefault(key, Bucket(self._client, now))
        self._buckets.move_to_end(key)
        while len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        if seconds := max(bucket.wait(now), self._total.wait(now)):
            return seconds
        bucket.tokens -= 1
        self._total.tokens -= 1
        return 0.0


def _network(address: str) -> str:
    """The address, as IPv4 where it is one; of IPv6 the half that a client cannot choose."""
    try:
        known = ip_address(address)
    except ValueError:  # of a proxy's header, or none
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((address, 64), strict=False))
