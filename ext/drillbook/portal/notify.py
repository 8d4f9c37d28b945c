"""The command `drillbook notify`: sends what has changed in a new version to those whom `drillbook_notify` names.

Addresses with secrets come from environment variables, and are neither kept nor printed: what is kept of a target is the
name of its variable.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from drillbook.model.change import Change, changes, section_title, sections
from drillbook.portal.changes import counted, since, version
from drillbook.portal.outbox import Kept, Message, Outbox

KEY: Final = "Idempotency-Key"  # of a webhook or a mail: what a receiver drops a repeat by
_LONGEST: Final = 1600  # letters of a message: what the strictest of the common chats takes, with room for its own
_STATUS: Final = re.compile(r"error=(\d{3})")
Json = dict[str, Any]


class Target(NamedTuple):
    """Somebody who is told. ``to`` is as conf.py has it; no ``sections`` are all."""

    to: str
    sections: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What tells it from others, also when the address behind a variable changes."""
        return _digest(self.to, *sorted(self.sections))

    def wants(self, change: Change) -> bool:
        """Whether a change is for it."""
        return not self.sections or change.section in self.sections


class Sent(NamedTuple):
    """What became of a message: ``why`` it was not taken, and when it is tried again; both empty when it was."""

    message: Message
    why: str = ""
    again: datetime | None = None


def targets(conf: Sequence[Mapping[str, Any]]) -> list[Target]:
    """The targets of conf.py, each once."""
    return list(dict.fromkeys(Target(one["to"], tuple(one.get("sections", ()))) for one in conf))


def messages(old: Json, new: Json, wanted: Iterable[Target], url: str = "") -> Iterator[Message]:
    """A message to each target for which something has changed; *url* is where the newer version is."""
    found, project, now = changes(old, new), str(new["manual"]["project"]), version(new)
    for target in wanted:
        if for_it := [change for change in found if target.wants(change)]:
            name = _digest(project, now, target.digest)[:32]
            title = f"{project}: {counted(for_it)} {since(old, new)}"
            yield Message(name, now, target.digest, target.to, title, _body(for_it, new, url, name))


def _body(found: Sequence[Change], new: Json, url: str, name: str) -> str:
    """The changes by section, as many as fit, the most important first."""
    lines: list[str] = []
    told = 0
    for section, those in sections(found).items():
        heading = [f"{section_title(section, new)}:"]
        for change in those:
            more = [*heading, f"- {change.says}"]
            if sum(map(len, (*lines, *more))) > _LONGEST:
                break
            lines += more
            heading = []
            told += 1
    lines += [f"… and {len(found) - told} more."] if told < len(found) else []
    return "\n".join([*lines, *([f"Read it: {url}"] if url else []), f"Message {name}"])


def send(
    outbox: Outbox,
    addresses: Callable[[str], str],
    clock: Callable[[], datetime],
    *,
    known: Iterable[str] | None = None,
    at_once: bool = False,
) -> Iterator[Sent]:
    """Send what is due, or with *at_once* all that waits, one after the other, while no other process does.

    *addresses* gives the address of a target, or nothing. Of *known* targets alone, if given. Raises
    :exc:`~drillbook.portal.outbox.OutboxError`.
    """
    only = None if known is None else set(known)
    with outbox.alone():
        for kept in outbox.waiting(None if at_once else clock()):
            if only is None or kept.message.target in only:
                yield _sent(outbox, kept, addresses(kept.message.to), clock)


def _sent(outbox: Outbox, kept: Kept, address: str, clock: Callable[[], datetime]) -> Sent:
    outbox.begin(kept.message)
    why = deliver(address, kept.message) if address else f"{kept.message.to} is not set"
    if why:
        return Sent(kept.message, why, outbox.failed(kept, why, clock()))
    outbox.sent(kept.message, clock())
    return Sent(kept.message)


def address_of(to: str) -> str:
    """The address of a target: itself, or what its environment variable holds."""
    return os.environ.get(to[1:], "").strip() if to.startswith("$") else to


def deliver(address: str, message: Message) -> str:
    """Send a message; returns why it was not taken, in words without the address, or nothing."""
    import apprise  # needed by who sends, and by nobody else

    with _quiet() as said:
        try:
            service = apprise.Apprise.instantiate(address, asset=apprise.AppriseAsset(async_mode=False))
            if service is None:
                return "no service has an address of this form"
            if isinstance(headers := getattr(service, "headers", None), dict):
                headers[KEY] = message.id
            taken = service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # of any of a hundred services; its text may have the address in it
            return f"the service failed: {type(error).__name__}"
    status = next((match[1] for line in said if (match := _STATUS.search(line))), "")
    return "" if taken else f"the receiver answered {status}" if status else "the receiver did not take it"


class _Listener(logging.Handler):
    """Keeps what is logged, and shows it to nobody: there may be secrets in it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """What Apprise says goes nowhere else meanwhile."""
    logger, listener = logging.getLogger("apprise"), _Listener()
    passed, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield listener.said
    finally:
        logger.removeHandler(listener)
        logger.propagate = passed


def _digest(*texts: str) -> str:
    return sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
