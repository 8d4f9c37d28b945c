"""Drills: which faults are drilled, where their walks must end, and what is said of where they ended.

No fault may be told from another by anything but the system itself, so a walk knows nothing of this module.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from drillbook.model.tree import Fix, Tree


class FaultLike(Protocol):
    """What is known of a fault that can be injected."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def alert(self) -> str:
        """The alert that it raises."""

    @property
    def core(self) -> bool:
        """Whether it is drilled whenever anything is."""


class Expected(NamedTuple):
    """What clears a fault: the procedure that its fixes name, the values for it, and within how many seconds."""

    procedure: str
    values: Mapping[str, str]
    within_s: float


class End(NamedTuple):
    """Where a walk ended: at a fix, an escalation, or (``stopped``) at a check to which no answer fitted."""

    kind: str
    tree: str
    name: str
    procedure: str = ""
    values: Mapping[str, str] = {}

    def __str__(self) -> str:
        """For people: ``fix HighLatency/scale: scale-workers workers=4``."""
        values = "".join(f" {name}={value}" for name, value in sorted(self.values.items()))
        return f"{self.kind} {self.tree}/{self.name}" + (f": {self.procedure}{values}" if self.procedure else "")


def read_end(data: Mapping[str, Any]) -> End:
    """The end that the report of a walk says."""
    said = {name: data[name] for name in End._fields if name in data}
    return End(**{"tree": "", **said})


def fixes_of(trees: Mapping[str, Tree], fault: str) -> Iterator[tuple[Tree, Fix]]:
    """The fixes at which drills of *fault* may end."""
    for _, tree in sorted(trees.items()):
        yield from ((tree, node) for node in tree.nodes if isinstance(node, Fix) and fault in node.faults)


def expected(trees: Mapping[str, Tree], fault: str) -> Expected | None:
    """What must clear *fault*; ``None`` when no fix names it."""
    fixes = [fix for _, fix in fixes_of(trees, fault)]
    if not fixes:
        return None
    return Expected(fixes[0].procedure, dict(fixes[0].values), max(fix.within_s for fix in fixes))


def judge_own(end: End, trees: Mapping[str, Tree], fault: str) -> str:
    """What is wrong with the end of the walk that began at the fault's own alert; empty when it is right."""
    if any((tree.name, fix.name) == (end.tree, end.name) for tree, fix in fixes_of(trees, fault)):
        return ""
    named = ", ".join(f"{tree.name}/{fix.name}" for tree, fix in fixes_of(trees, fault))
    return f"its own tree led to {end}, and not to {named}"


def judge_other(tree: str, end: End, right: Expected) -> str:
    """What is wrong with the end of a walk of another tree while the fault holds; empty when it hurts nobody."""
    if end.kind == "escalate" or (end.kind == "fix" and (end.procedure, end.values) == right[:2]):
        return ""
    if end.kind == "fix":
        return f"the tree {tree} led to a wrong fix, {end}"
    return f"the tree {tree} led nowhere: no answer fitted at {end.tree}/{end.name}"


def judge_healthy(tree: str, end: End) -> str:
    """What is wrong with the end of a walk through a whole system; empty when it changes nothing."""
    if end.kind == "escalate":
        return ""
    return f"nothing is wrong, and the tree {tree} led to {end}"


def difference(before: Mapping[str, str], after: Mapping[str, str], besides: Collection[str] = ()) -> list[str]:
    """The things that are not as before, each with both values, without those named in *besides*."""
    things = sorted((before.keys() | after.keys()) - set(besides))
    return [
        f"{thing}: {before.get(thing, 'nothing')} -> {after.get(thing, 'nothing')}"
        for thing in things
        if before.get(thing) != after.get(thing)
    ]


def choose(
    faults: Sequence[FaultLike], trees: Mapping[str, Tree], proven: Collection[str], only: Sequence[str], every: bool
) -> tuple[list[str], list[str]]:
    """The names of the faults to drill, and what of *only* is no fault, no alert and no tree.

    Without *only* it is the core, and those that are not among the *proven*; with *every* it is all.
    """
    if not only:
        return [fault.name for fault in faults if every or fault.core or fault.name not in proven], []
    chosen: list[str] = []
    unknown: list[str] = []
    for asked in only:
        found = [fault.name for fault in faults if asked.lower() in _names(fault, trees)]
        chosen += found
        unknown += [] if found else [asked]
    return [fault.name for fault in faults if fault.name in chosen], unknown


def _names(fault: FaultLike, trees: Mapping[str, Tree]) -> set[str]:
    """All by which a fault may be asked for: its own name, its alert, and the trees that it drills."""
    own = {tree.name for tree in trees.values() if fault.alert in tree.alerts}
    names = {fault.name, fault.alert} | own | {tree.name for tree, _ in fixes_of(trees, fault.name)}
    return {name.lower() for name in names}


def undrilled(trees: Mapping[str, Tree], faults: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """The fixes that no drill of one of *faults* ends at: the tree, the fix, and the reason that its page gives."""
    for name, tree in sorted(trees.items()):
        for node in tree.nodes:
            if isinstance(node, Fix) and not set(node.faults) & set(faults):
                yield name, node.name, node.not_drilled


def split(names: Sequence[str], alone: Collection[str], seconds: Mapping[str, float], boxes: int) -> list[list[str]]:
    """Share *names* out to *boxes* that run side by side, the longest first; those *alone* are one more share, last."""
    shares: list[list[str]] = [[] for _ in range(boxes)]
    usual = max(seconds.values(), default=1.0)  # what was never drilled may take as long as any
    for name in sorted((name for name in names if name not in alone), key=lambda name: -seconds.get(name, usual)):
        min(shares, key=lambda share: sum(seconds.get(other, usual) for other in share)).append(name)
    return [*shares, [name for name in names if name in alone]]
