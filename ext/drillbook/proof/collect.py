"""Everything on the pages of a manual that a run can prove, as tasks for boxes; and what nothing can prove."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from docutils import nodes
from docutils.nodes import Element
from sphinx.environment import BuildEnvironment

from drillbook.live.samples import ENVIRONMENT_LANGUAGES, NESTED_LANGUAGES
from drillbook.model.console import AS_SHOWN, LANGUAGES, QUERY_LANGUAGE, Command, commands
from drillbook.model.data import command_data, procedure_data
from drillbook.model.http_sample import LANGUAGE as HTTP
from drillbook.model.procedure import Part, Procedure, Step
from drillbook.model.tree import Check, Tree
from drillbook.pages.blocks import every_block
from drillbook.pages.domain import OpsDomain
from drillbook.pages.parts import FINDS, HOW, is_drawn
from drillbook.proof.checkout import environments

Json = dict[str, Any]
PAGE, PROCEDURE, TREE, PYTHON = "page", "procedure", "tree", "python"
CONSOLE, CONFIG, RULES, DIAGRAM, TEXT, SQL = "console", "config", "rules", "diagram", "text", "sql"
CHECKOUT: Final = "checkout"  # ``typed-in: checkout`` in the front matter of a page
_RUN_IN_A_PAGE: Final = (CONSOLE, QUERY_LANGUAGE, SQL, HTTP, RULES)
_NEED_STACK: Final = (CONSOLE, QUERY_LANGUAGE, SQL, HTTP, RULES)


class Subject(NamedTuple):
    """What evidence is about: a page with its own blocks, a procedure or a tree."""

    kind: str
    name: str
    docname: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Example(NamedTuple):
    """One thing that a page shows, at its line: a command, or a block."""

    subject: Subject
    kind: str
    file: str
    line: int
    text: str


class Block(NamedTuple):
    """A literal block or a diagram of a page, outside of what procedures and trees run."""

    example: Example
    language: str
    node: Element
    unproven: str  # why nothing proves it, as its author says


class Task(NamedTuple):
    """What is done in one go in a box, and the examples that it proves; ``unproven`` says why nothing is done."""

    subject: Subject
    data: Json
    examples: tuple[Example, ...]
    unproven: str = ""


class Lines:
    """The lines of a file, to find where something stands in it."""

    def __init__(self, file: str) -> None:
        try:
            self._lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):  # a docstring of a compiled module
            self._lines = []

    def find(self, text: str, start: int) -> int:
        """The first line from *start* (from 1) on that holds the first line of *text*; else *start*."""
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        found = (number for number in range(max(start, 1), len(self._lines) + 1) if first in self._lines[number - 1])
        return next(found, start) if first else start


def language_kind(language: str, text: str) -> str:
    """What a block in *language* is to us."""
    if language in LANGUAGES:
        return CONSOLE
    if language in (QUERY_LANGUAGE, SQL, HTTP):
        return language
    if language in ENVIRONMENT_LANGUAGES:
        return CONFIG
    if language in NESTED_LANGUAGES:
        return RULES if language == "yaml" and _has_groups(text) else CONFIG
    return TEXT


def _has_groups(text: str) -> bool:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return "groups:" in text
    return isinstance(data, dict) and "groups" in data


def page_blocks_of(env: BuildEnvironment, docname: str, doctree: nodes.document) -> Iterator[Block]:
    """The blocks of a page that neither a procedure nor a tree nor a Python example is."""
    file = env.doc2path(docname)
    lines, subject = Lines(str(file)), Subject(PAGE, docname, docname)
    last = 0
    for node, whole in every_block(doctree):
        language = str(node.get("language", ""))
        if whole and (language in LANGUAGES or language == QUERY_LANGUAGE or FINDS in node):
            continue
        if is_drawn(node):
            source = str(node["diagram"][0])
            yield Block(Example(subject, DIAGRAM, str(file), int(node["diagram"][2]), source), DIAGRAM, node, "")
            continue
        text = node.astext()
        source_file = str(node.source or file).partition(":docstring of")[0]
        if source_file == str(file):
            last = lines.find(text, max(last + 1, (node.line or 1) - 1))
            line = last
        else:
            line = node.line or 0
        kind = language_kind(language, text)
        yield Block(Example(subject, kind, source_file, line, text), language, node, node.get(HOW, AS_SHOWN).unproven)


def page_task(env: BuildEnvironment, docname: str, blocks: Iterable[Block], top: Path) -> Task | None:
    """The blocks of a page that are run in a box, in their order."""
    checkout = str(env.metadata[docname].get("typed-in", "")).strip() == CHECKOUT
    subject = Subject(PAGE, docname, docname)
    examples: list[Example] = []
    listed: list[Json] = []
    for block in blocks:
        example = block.example
        if example.kind not in _RUN_IN_A_PAGE or (block.unproven and example.kind != CONSOLE):
            continue
        data: Json = {"kind": example.kind, "line": example.line, "text": example.text}
        if example.kind == CONSOLE:
            lines = Lines(example.file)
            placed = list(_placed(commands(example.text, block.node.get(HOW, AS_SHOWN)), lines, example.line))
            data["commands"] = [command_data(command) for command in placed]
            examples += [example._replace(line=command.line, text=command.text) for command in placed]
        else:
            examples.append(example)
        listed.append(data)
    if not listed:
        return None
    needs = any(data["kind"] in _NEED_STACK for data in listed) and not checkout
    data = {"kind": PAGE, "name": str(subject), "needs_stack": needs, "blocks": listed, "checkout": checkout}
    return Task(
        subject,
        data | {"top": str(top), "links": {path.name: str(path.resolve()) for path in environments(top)}},
        tuple(examples),
    )


def tree_task(env: BuildEnvironment, docname: str, tree: Tree) -> Task | None:
    """The checks of a tree."""
    file = str(env.doc2path(docname))
    subject, lines = Subject(TREE, tree.name, docname), Lines(file)
    checks: list[Json] = []
    examples: list[Example] = []
    for check in (node for node in tree.nodes if isinstance(node, Check)):
        placed = list(_placed(check.commands, lines, check.line))
        line = lines.find(check.query, check.line)
        checks.append({"query": check.query, "line": line, "commands": [*map(command_data, placed)]})
        if check.query:
            examples.append(Example(subject, QUERY_LANGUAGE, file, line, check.query))
        else:
            examples += [Example(subject, CONSOLE, file, command.line, command.text) for command in placed]
    data = {"kind": TREE, "name": str(subject), "needs_stack": True, "checks": checks}
    return Task(subject, data, tuple(examples)) if examples else None


def procedure_task(
    env: BuildEnvironment, docname: str, procedure: Procedure, procedures: Mapping[str, Procedure]
) -> Task:
    """A whole procedure, with the one that undoes it."""
    file = str(env.doc2path(docname))
    subject = Subject(PROCEDURE, procedure.name, docname)
    placed = _placed_procedure(procedure, Lines(file))
    used = {procedure.name: placed}
    if procedure.undone_by in procedures:
        used[procedure.undone_by] = _unplaced(procedures[procedure.undone_by])
    examples = [
        Example(subject, CONSOLE, file, command.line, command.text)
        for step in placed.steps
        for part in step.parts
        for command in part.commands
    ]
    data = {
        "kind": PROCEDURE,
        "name": str(subject),
        "needs_stack": True,
        "procedure": procedure.name,
        "procedures": {name: procedure_data(model) for name, model in used.items()},
    }
    return Task(subject, data, tuple(examples), procedure.unproven)


def _placed_procedure(procedure: Procedure, lines: Lines) -> Procedure:
    def part(found: Part | None, start: int) -> Part | None:
        return found and found._replace(commands=tuple(_placed(found.commands, lines, start)))

    steps: list[Step] = []
    for step in procedure.steps:
        action = part(step.action, step.line)
        assert action is not None
        confirm = part(step.confirm, _behind(action, step.line))
        undo = part(step.undo, _behind(confirm or action, step.line))
        steps.append(step._replace(action=action, confirm=confirm, undo=undo))
    return procedure._replace(steps=tuple(steps))


def _unplaced(procedure: Procedure) -> Procedure:
    """Its commands at line 0: they stand on another page, or elsewhere on this one."""

    def part(found: Part | None) -> Part | None:
        return found and found._replace(commands=tuple(command._replace(line=0) for command in found.commands))

    steps = tuple(
        step._replace(action=part(step.action) or Part(), confirm=part(step.confirm), undo=part(step.undo))
        for step in procedure.steps
    )
    return procedure._replace(steps=steps)


def _behind(part: Part, default: int) -> int:
    return part.commands[-1].line + 1 if part.commands else default


def _placed(found: Iterable[Command], lines: Lines, start: int) -> Iterator[Command]:
    """The commands with the lines of their file."""
    for command in found:
        start = lines.find(command.text, start)
        yield command._replace(line=start)
        start += 1


def domain_of(env: BuildEnvironment) -> OpsDomain:
    """The domain with the procedures and trees."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return domain
