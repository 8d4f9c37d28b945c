"""Frozen facts about a live system: what the collectors give and what the pages show.

Every fact has a ``name`` (what a role refers to), a ``group`` (what a directive's argument may select) and a
``place`` (where a keeper changes it). Facts hold text, numbers and tuples only: they are pickled, compared and hashed.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol

Pairs = tuple[tuple[str, str], ...]
ProblemKind = Literal["source", "undescribed", "duplicate"]
NOT_SHOWN = "not shown"  # what stands for the default of a secret


class Place(NamedTuple):
    """A line of a file; line 0 when only the file is known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problem(NamedTuple):
    """Something that a keeper must put right; ``kind`` is one of the kinds in :mod:`drillbook.warn`."""

    kind: ProblemKind
    message: str
    place: Place


class Fact(Protocol):
    """What all facts share."""

    @property
    def name(self) -> str:
        """What a role refers to."""

    @property
    def group(self) -> str:
        """What a directive's argument may select."""

    @property
    def place(self) -> Place:
        """Where a keeper changes it."""


class SettingFact(NamedTuple):
    """A field of a settings class. ``default`` is text for people; a secret's default is never in it."""

    component: str
    name: str  # component.field
    env: str
    type: str
    default: str
    required: bool
    unit: str | None  # None: not declared; "": a plain number or no number
    minimum: float | None
    maximum: float | None
    exclusive_minimum: bool
    exclusive_maximum: bool
    choices: tuple[str, ...]
    secret: bool
    restart: bool | None  # None: not declared
    description: str
    python: str  # module.Class.field, of the class that conf.py lists
    place: Place

    @property
    def group(self) -> str:
        """The component."""
        return self.component


class AlertFact(NamedTuple):
    """An alerting rule of Prometheus. ``for_`` is its duration as written (``5m``), empty when it fires at once."""

    name: str
    group: str
    expr: str
    for_: str
    severity: str
    summary: str
    description: str
    runbook_url: str
    labels: Pairs
    annotations: Pairs
    file: str  # as a reader of the repository finds it
    place: Place


class RecordingFact(NamedTuple):
    """A recording rule of Prometheus."""

    name: str
    group: str
    expr: str
    labels: Pairs
    file: str
    place: Place


class MetricFact(NamedTuple):
    """A metric by the name that is queried (counters with ``_total``); ``series`` are the further names it gives."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...]
    unit: str
    series: tuple[str, ...]
    group: str
    place: Place


class OptionFact(NamedTuple):
    """An argument of a command; ``flags`` is empty for a positional one."""

    flags: tuple[str, ...]
    metavar: str
    default: str
    choices: tuple[str, ...]
    required: bool
    help: str

    @property
    def name(self) -> str:
        """Its long flag, or what it has in its place."""
        return next((flag for flag in self.flags if flag.startswith("--")), [*self.flags, self.metavar][0])


class CommandFact(NamedTuple):
    """A command, or a subcommand, by what the operator types. ``group`` is the command that it belongs to."""

    name: str
    group: str
    usage: str
    description: str
    options: tuple[OptionFact, ...]
    subcommands: tuple[str, ...]
    exit_statuses: Pairs
    epilog: str
    place: Place


class FieldFact(NamedTuple):
    """A field of a JSON body, or a parameter of a route (``where``: path, query, header or cookie)."""

    name: str
    type: str
    required: bool
    description: str
    where: str = ""


class BodyFact(NamedTuple):
    """What a request or an answer carries; ``example`` is JSON or plain text."""

    media_type: str
    schema: str
    fields: tuple[FieldFact, ...]
    example: str


class ResponseFact(NamedTuple):
    """An answer of a route; ``errors`` are the stable codes that it can carry."""

    status: str
    description: str
    bodies: tuple[BodyFact, ...]
    errors: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether it says that something went wrong: a status from 400 up, or ``default``."""
        return self.status >= "4"


class RouteFact(NamedTuple):
    """An operation of an HTTP API."""

    method: str
    path: str
    group: str  # its first tag
    operation_id: str
    summary: str
    description: str
    parameters: tuple[FieldFact, ...]
    bodies: tuple[BodyFact, ...]
    responses: tuple[ResponseFact, ...]
    security: tuple[str, ...]
    place: Place

    @property
    def name(self) -> str:
        """Method and path, as a reader types them."""
        return f"{self.method} {self.path}"


class ErrorFact(NamedTuple):
    """An error with a stable code; ``status`` is its HTTP status, empty when it does not answer a request."""

    name: str
    group: str  # its scope, if it has one
    status: str
    title: str
    description: str
    place: Place


class ComponentFact(NamedTuple):
    """A part of the system; ``settings`` are the settings components that it reads, ``page`` a document name.

    ``undrilled`` says why no fault harms it.
    """

    name: str
    group: str  # its kind
    title: str
    description: str
    depends_on: tuple[str, ...]
    programs: tuple[str, ...]
    settings: tuple[str, ...]
    page: str
    undrilled: str
    place: Place


class FaultFact(NamedTuple):
    """A fault that can be put into the system; ``alert`` is the one that it raises, ``component`` the one that it harms.

    ``core`` faults are drilled again and again; while one that is ``alone`` holds, nothing else runs beside it.
    """

    name: str
    title: str
    description: str
    alert: str
    component: str
    core: bool
    alone: bool
    place: Place

    @property
    def group(self) -> str:
        """The alert that it raises."""
        return self.alert


class ColumnFact(NamedTuple):
    """A column of a table, its type in the words of its database; ``references`` are ``table.column``."""

    name: str
    type: str
    nullable: bool
    default: str
    primary: bool
    unique: bool
    references: tuple[str, ...]
    choices: tuple[str, ...]
    description: str


class IndexFact(NamedTuple):
    """An index; ``where`` is the condition of a partial one."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    where: str


class TableFact(NamedTuple):
    """A table of a database; ``unique`` are sets of columns that are unique together, beyond single ones."""

    name: str
    group: str  # its schema, if it has one
    description: str
    columns: tuple[ColumnFact, ...]
    unique: tuple[tuple[str, ...], ...]
    indexes: tuple[IndexFact, ...]
    place: Place


class LiveFacts(NamedTuple):
    """Everything that was collected for one build, and what was wrong with it."""

    settings: tuple[SettingFact, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    recordings: tuple[RecordingFact, ...] = ()
    metrics: tuple[MetricFact, ...] = ()
    commands: tuple[CommandFact, ...] = ()
    routes: tuple[RouteFact, ...] = ()
    errors: tuple[ErrorFact, ...] = ()
    components: tuple[ComponentFact, ...] = ()
    faults: tuple[FaultFact, ...] = ()
    tables: tuple[TableFact, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, kind: str) -> tuple[Fact, ...]:
        """All facts of *kind*: ``setting``, ``alert``, ``recording``, ``metric``, ``command`` ..."""
        facts: tuple[Fact, ...] = getattr(self, f"{kind}s")
        return facts

    def select(self, kind: str, selector: str = "") -> tuple[Fact, ...]:
        """The facts of *kind* whose name or group is *selector*; all of them when it is empty."""
        return tuple(fact for fact in self.of(kind) if selector in ("", fact.name, fact.group))

    def digest(self, kind: str, selector: str = "") -> str:
        """A hash that changes when a page that shows these facts must change (not when a line moves)."""
        return digest(self.select(kind, selector))


def digest(facts: Iterable[Fact]) -> str:
    """Hash what *facts* say, without where they stand."""
    return sha256("\n".join(_said(fact) for fact in facts).encode()).hexdigest()


def _said(fact: Fact) -> str:
    assert isinstance(fact, tuple)  # facts are named tuples, and their place comes last
    return repr(fact[:-1])


def names(facts: Iterable[Fact]) -> Iterator[str]:
    """The names of *facts*, each once, in their order."""
    return iter(dict.fromkeys(fact.name for fact in facts))
