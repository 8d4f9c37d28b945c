"""Every warning of the toolkit, named once, and the one function that emits them.

A warning reads ``file:line: WARNING: message [drillbook.kind]``; ``suppress_warnings = ["drillbook.kind"]`` in conf.py
silences a kind.
"""

import functools
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, cast

from docutils import nodes
from docutils.nodes import Node
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
Handler = TypeVar("Handler", bound=Callable[..., Any])
Place = Node | tuple[str, int | None] | str | None


class Warn(StrEnum):
    """A kind of warning; ``__doc__`` of a member says what it means, ``mend`` what to do."""

    __doc__: str
    mend: str

    def __new__(cls, value: str, doc: str, mend: str) -> "Warn":
        """Make a member that carries its own documentation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.__doc__ = doc
        member.mend = mend
        return member

    CONFIG = (
        "config",
        "An option in `conf.py` has a value that it cannot have; its default is used instead.",
        "Correct the option at that line of `conf.py`.",
    )
    SOURCE = (
        "source",
        "A source of facts cannot be read, or contradicts itself; its facts are missing.",
        "Import what the option names in a Python of your own and see what fails. Then correct it, or the option.",
    )
    UNDESCRIBED = (
        "undescribed",
        "A fact of the live system lacks what a reader needs: a description, a unit.",
        "Write it at that line of the system's code, not in the manual.",
    )
    DUPLICATE = (
        "duplicate",
        "One name is defined twice in the live system, or described twice in the manual.",
        "Rename one in the system; in the manual give the second the option `:no-index:`.",
    )
    UNKNOWN = (
        "unknown",
        "A directive or a role asks for something that there is not.",
        "Correct the name. If the system has renamed it, the sentence around it may have to change, too.",
    )
    DIAGRAM = (
        "diagram",
        "A diagram cannot be drawn, or its reader would lose something: its words, a link.",
        "Correct the source at that line, or say in `:alt:` what the diagram shows.",
    )
    STRUCTURE = (
        "structure",
        "A directive stands where it cannot: a step without its procedure, a check without its tree.",
        "Make the fence of the outer directive one colon longer than that of the inner one.",
    )
    NUMBER = (
        "number",
        "A number with a unit is typed in a sentence, where it goes stale.",
        "Quote its fact by `ops:fact`; if no code knows it, say so by `ops:unproven`.",
    )
    BLANK = (
        "blank",
        "A blank in a command is not declared, or its declaration contradicts itself.",
        "Declare it above with `ops:blank`; its `:default:` must be a value that it allows.",
    )
    PROCEDURE = (
        "procedure",
        "A procedure lacks what a reader needs: a step, a confirmation, an undoing.",
        "Write what is missing. If there is nothing to undo, write `Undo: nothing to undo`.",
    )
    TREE = (
        "tree",
        "A troubleshooting tree breaks a rule of its graph: some reader would be lost in it.",
        "Give each answer a way on, each node something that leads to it, and each value one answer.",
    )
    READ_ONLY = (
        "read-only",
        "A check runs a command that is not known to change nothing.",
        "Make it a step of a procedure; if it only looks, name it in `drillbook_read_only`.",
    )
    SEVERITY = (
        "severity",
        "The table of severities and the severities of the live alerts differ.",
        "Add the level to the table, or correct the label `severity` of the alert.",
    )
    EXAMPLE = (
        "example",
        "An example says of its proof what cannot be: an unknown way to compare, a time that is none.",
        "Correct the option; `ops:example` has the list.",
    )
    DRILL = (
        "drill",
        "Drills cannot be begun: rules that cannot be made, a fault without a fix, a box that cannot be.",
        "Do what the message says; `drillbook_drill` and `drillbook_stack` are where drills are described.",
    )
    EVIDENCE = (
        "evidence",
        "A file of evidence is damaged: it counts as none.",
        "Remove the file, and run what wrote it again. Never edit it.",
    )
    VIDEO = (
        "video",
        "The video of a recording cannot be made; the page has the player and the transcript alone.",
        "Install what the message names, or take the option `:video:` away.",
    )
    PAPER = (
        "paper",
        "Something of a page has no form of its own in the PDF, or the PDF cannot be made.",
        "Write it another way, or give its node a visitor for `typst`.",
    )
    CHECKLIST = "checklist", "A checklist has nothing to tick.", "Write a list in it, an item for each thing to tick."
    SCHEMA = (
        "schema",
        "A JSON Schema cannot be read, or a part of it has no description.",
        "Correct the name of the file; describe each property in the schema itself.",
    )
    TRANSLATION = (
        "translation",
        "A catalogue of the manual cannot be read, or a translation changes what must be the same in every language; "
        "what it is of is shown in the language that it was written in.",
        "Correct the catalogue at that line; `drillbook translations` has all that is wrong with it.",
    )
    INTERNAL = (
        "internal",
        "Our own code failed: a fault of the toolkit. The page is built without the part.",
        "Build again with `-v`, which logs the traceback, and report it with the lines of the page.",
    )


def warn(kind: Warn, message: str, location: Place = None) -> None:
    """Emit one warning. *location* is a node, (document name, line), or text such as ``file:line``."""
    if isinstance(location, Node):
        location = _nearest(location)
    LOGGER.warning("%s", message, type="drillbook", subtype=kind.value, location=location)


def _nearest(node: Node) -> Node:
    """*node*, or the nearest around it, that knows its file and line: parsers do not tell them of every node."""
    around: Node | None = node
    while around is not None and not (around.source and around.line):
        around = around.parent
    return around or node


def warn_internal(what: str, error: Exception, location: Place = None) -> None:
    """Report *error*, which our own code for *what* raised; the traceback goes to the verbose log."""
    # As text: a parallel build sends its log from process to process, and a traceback cannot be sent.
    LOGGER.debug("%s failed\n%s", what, "".join(traceback.format_exception(error)))
    warn(Warn.INTERNAL, f"{what} failed: {type(error).__name__}: {error}", location)


def guarded(default: Any = None, place: Callable[..., Place] = lambda *_: None) -> Callable[[Handler], Handler]:
    """Keep the exceptions of what Sphinx calls from ending the build: warn, and answer *default* instead.

    *place* tells from the arguments where in the manual it happened. What steers a visitor passes.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def guard(*arguments: Any) -> Any:
            try:
                return handler(*arguments)
            except nodes.TreePruningException:
                raise
            except Exception as error:  # whatever it is, it must be one warning and not the end of the build
                warn_internal(f"{handler.__module__}.{handler.__qualname__}", error, place(*arguments))
                return default

        return cast(Handler, guard)

    return decorate
