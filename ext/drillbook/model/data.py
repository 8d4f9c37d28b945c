"""Procedures and trees as JSON values, and back: what `ops.json` holds and the terminal walker reads.

Standard library only, so that the walker runs where there is no Sphinx. The format is described by ``ops.schema.json``;
``SCHEMA`` is raised when a reader of an older one would misunderstand it.
"""

import json
from typing import Any, Final

from drillbook.live.quantity import Quantity
from drillbook.model.blank import Blank, BlankType
from drillbook.model.compare import Mode
from drillbook.model.condition import Condition, NoData, Range, Term, Text, words
from drillbook.model.console import AS_SHOWN, Command, How
from drillbook.model.procedure import Part, Procedure, Step
from drillbook.model.tree import Answer, Check, Escalate, Fix, Node, Tree

SCHEMA: Final = 1
Json = dict[str, Any]


class DataError(Exception):
    """Data that is not what the schema says; the text says where."""


def data_text(data: Json) -> str:
    """The text of `ops.json`: the same data give the same bytes."""
    return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def procedure_data(procedure: Procedure) -> Json:
    """A procedure, whole."""
    fields = procedure._asdict()
    fields["steps"] = [_step_data(step) for step in procedure.steps]
    fields["blanks"] = [_blank_data(blank) for blank in procedure.blanks]
    fields["leaves"] = list(procedure.leaves)
    return fields


def tree_data(tree: Tree) -> Json:
    """A tree, whole; its nodes in the order of the page, so their numbers are those that a reader sees."""
    fields = tree._asdict()
    fields["alerts"] = list(tree.alerts)
    fields["nodes"] = [_node_data(node) for node in tree.nodes]
    fields["blanks"] = [_blank_data(blank) for blank in tree.blanks]
    return fields


def read_procedure(data: Json) -> Procedure:
    """The procedure that *data* says. Raises :exc:`DataError`."""
    with _Reading(f"procedure {data.get('name')!r}"):
        steps, blanks = map(_read_step, data["steps"]), map(_read_blank, data["blanks"])
        lists = {"steps": tuple(steps), "blanks": tuple(blanks), "leaves": tuple(data.get("leaves", ()))}
        return Procedure(**_only(Procedure, data) | lists)


def read_tree(data: Json) -> Tree:
    """The tree that *data* says. Raises :exc:`DataError`."""
    with _Reading(f"tree {data.get('name')!r}"):
        nodes, blanks = map(_read_node, data["nodes"]), map(_read_blank, data["blanks"])
        alerts = tuple(data["alerts"])
        return Tree(**_only(Tree, data) | {"alerts": alerts, "nodes": tuple(nodes), "blanks": tuple(blanks)})


class _Reading:
    """Turns what goes wrong inside into one error that says where."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):
            raise DataError(f"{self.what} is damaged: {type(error).__name__}: {error}") from error


def _only(kind: Any, data: Json) -> Json:
    """The values of *data* that are fields of *kind*: others may be added without a new schema.

    A field with a default may be missing, as it was added to the schema later.
    """
    return {name: data[name] for name in kind._fields if name in data or name not in kind._field_defaults}


def command_data(command: Command) -> Json:
    """A command, with how it is run if that is not as it is shown."""
    how = {} if command.how == AS_SHOWN else {"how": command.how._asdict() | {"mode": command.how.mode.value}}
    return {"text": command.text, "expected": command.expected, "line": command.line, **how}


def _part_data(part: Part | None) -> Json | None:
    return None if part is None else {"text": part.text, "commands": [*map(command_data, part.commands)]}


def _step_data(step: Step) -> Json:
    parts = {name: _part_data(getattr(step, name)) for name in ("action", "confirm", "undo")}
    return {"says": step.says, **parts, "line": step.line}


def _blank_data(blank: Blank) -> Json:
    return blank._asdict() | {"type": blank.type.value, "choices": list(blank.choices), "allows": blank.allows}


def _node_data(node: Node) -> Json:
    fields = node._asdict()
    if isinstance(node, Check):
        fields["commands"] = [*map(command_data, node.commands)]
        fields["answers"] = [_answer_data(answer) for answer in node.answers]
    elif isinstance(node, Fix):
        fields["values"] = dict(node.values)
        fields["faults"] = list(node.faults)
    return fields


def _answer_data(answer: Answer) -> Json:
    condition = answer.condition
    said: Json = {"written": condition.written, "words": words(condition), "all": [*map(_term_data, condition.terms)]}
    return answer._asdict() | {"condition": said}


def _term_data(term: Term) -> Json:
    if isinstance(term, NoData):
        return {"kind": "no data"}
    if isinstance(term, Text):
        return {"kind": "text", **term._asdict()}
    high = None if term.high is None else term.high._asdict()
    return {"kind": "range", **term._asdict(), "low": term.low._asdict(), "high": high}


def _read_part(data: Json | None) -> Part | None:
    return None if data is None else Part(data["text"], read_commands(data["commands"]))


def read_commands(data: list[Json]) -> tuple[Command, ...]:
    """The commands that *data* says."""
    return tuple(
        Command(item["text"], item["expected"], item["line"], _read_how(item["how"]) if "how" in item else AS_SHOWN)
        for item in data
    )


def _read_how(data: Json) -> How:
    return How(**_only(How, data) | {"mode": Mode(data["mode"])})


def _read_step(data: Json) -> Step:
    action = _read_part(data["action"])
    if action is None:
        raise ValueError("a step without an action")
    return Step(data["says"], action, _read_part(data["confirm"]), _read_part(data["undo"]), data["line"])


def _read_blank(data: Json) -> Blank:
    return Blank(**_only(Blank, data) | {"type": BlankType(data["type"]), "choices": tuple(data["choices"])})


def _read_node(data: Json) -> Node:
    match data["kind"]:
        case "check":
            commands = read_commands(data["commands"])
            answers = tuple(_read_answer(answer) for answer in data["answers"])
            return Check(**_only(Check, data) | {"commands": commands, "answers": answers})
        case "fix":
            lists = {"values": tuple(data["values"].items()), "faults": tuple(data.get("faults", ()))}
            return Fix(**_only(Fix, data) | lists)
        case "escalate":
            return Escalate(**_only(Escalate, data))
    raise ValueError(f"a node is a check, a fix or an escalate, not {data['kind']!r}")


def _read_answer(data: Json) -> Answer:
    said = data["condition"]
    condition = Condition(said["written"], tuple(_read_term(term) for term in said["all"]))
    return Answer(**_only(Answer, data) | {"condition": condition})


def _read_term(data: Json) -> Term:
    match data["kind"]:
        case "no data":
            return NoData()
        case "text":
            return Text(data["pattern"], data["negated"])
        case "range":
            high = None if data["high"] is None else Quantity(**data["high"])
            return Range(**_only(Range, data) | {"low": Quantity(**data["low"]), "high": high})
    raise ValueError(f"a term is a range, a text or no data, not {data['kind']!r}")
