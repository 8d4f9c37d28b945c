"""A command as an entry, with its options as entries of their own."""

import re
import textwrap
from collections.abc import Iterator

from docutils.nodes import Node

from drillbook.live.facts import NOT_SHOWN, CommandFact, OptionFact
from drillbook.pages.entries.entry import (
    Entry,
    code,
    definitions,
    fields,
    joined,
    label,
    link,
    literal,
    paragraph,
    prose,
    sentence,
    signature,
)
from drillbook.pages.entries.settings import not_shown
from drillbook.pages.words import say, spoken


def command(fact: CommandFact) -> Entry:
    """How a command is called, what it does, and what its exit status means."""
    body = [*prose(fact.description), code(fact.usage, "text")]
    if fact.subcommands:
        body.append(paragraph(say("Commands: "), *joined(link("command", name) for name in fact.subcommands)))
    if fact.exit_statuses:
        meanings = ((status, paragraph(sentence(meaning))) for status, meaning in fact.exit_statuses)
        body += [label(say("Exit status")), *definitions(([literal(status)], [text]) for status, text in meanings)]
    body += _epilog(fact.epilog)
    return Entry("command", fact.name, signature(fact.name), body, options=tuple(map(_option, fact.options)))


def _epilog(text: str) -> Iterator[Node]:
    """What stands below the options of ``--help``; lines that are indented below a heading stay lines."""
    for block in re.split(r"\n\s*\n", text):
        heading, *lines = block.splitlines() or [""]
        if lines and all(line.startswith("  ") for line in lines):
            yield label(spoken(heading.strip().rstrip(":").capitalize()))
            yield code(textwrap.dedent("\n".join(lines)), "text")
        else:
            yield from prose(block)


def _option(fact: OptionFact) -> Entry:
    hidden = fact.default == NOT_SHOWN
    default: list[Node | str] = [not_shown()] if hidden else [literal(fact.default)] if fact.default else []
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Default"), default),
        (say("Choices"), joined(map(literal, fact.choices))),
        (say("Required"), [say("yes")] if fact.required and fact.flags else []),
    ]
    flags = fact.flags or (fact.metavar,)
    return Entry(
        "option",
        fact.name,
        signature(", ".join(flags), after=fact.metavar if fact.flags else ""),
        [*prose(fact.help), *fields(rows)],
        aliases=tuple(flag for flag in flags if flag != fact.name),
    )
