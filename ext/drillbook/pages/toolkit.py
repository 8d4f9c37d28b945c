"""`ops:toolkit`: the directives, roles, options, warnings and commands of the toolkit, from their own declarations.

So the manual of whoever uses the toolkit can show them, of the version that builds it.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook import warn
from drillbook.config import options
from drillbook.live.commands import collect_commands
from drillbook.pages.declared import NO_INDEX
from drillbook.pages.describe import OpsDirective, describe
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries import Entry
from drillbook.pages.entries import toolkit as entries
from drillbook.pages.entries.commands import command
from drillbook.warn import Warn

# by its name, as a system's command is found: the doors stand above the pages
COMMANDS: Final = {"drillbook": "drillbook.cli:parser"}
PACKAGE: Final = "drillbook"


class ToolkitDirective(OpsDirective):
    """The parts of the toolkit, from their own declarations.

    PART is `directives`, `roles`, `options`, `warnings` or `commands`.
    """

    argument = "PART"
    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {"no-index": NO_INDEX}

    def build(self) -> list[nodes.Node]:
        """One entry a part."""
        part = self.arguments[0]
        if part not in PARTS:
            self.warn(Warn.UNKNOWN, f"ops:toolkit shows one of {', '.join(PARTS)}, not {part!r}")
            return []
        return [describe(self, entry, indexed=not self.unindexed) for entry in PARTS[part](self)]

    def depend_on(self, declared: object) -> None:
        """Have the page read again when the file of a declaration changes."""
        self.env.note_dependency(inspect.getfile(declared))  # type: ignore[arg-type]  # a class or a module


def _directives(page: ToolkitDirective) -> Iterator[Entry]:
    for name, cls in sorted(every_directive(page).items()):
        page.depend_on(cls)
        yield entries.directive(name, cls)


def every_directive(page: OpsDirective) -> dict[str, type[Any]]:
    """The directives of the toolkit by the name that they are written with: those of the domain, and ``uml``."""
    found = {f"{OpsDomain.name}:{name}": cls for name, cls in page.ops.directives.items()}
    uml, _ = directives.directive("uml", page.state.memo.language, page.state.document)
    return {name: cls for name, cls in {**found, "uml": uml}.items() if cls and _is_ours(cls)}


def _is_ours(cls: type[Any]) -> bool:
    return cls.__module__.partition(".")[0] == PACKAGE


def _roles(page: ToolkitDirective) -> Iterator[Entry]:
    for name, role in sorted(page.ops.roles.items()):
        page.depend_on(inspect.getmodule(role) if inspect.isfunction(role) else type(role))
        yield entries.role(f"{OpsDomain.name}:{name}", role)


def _options(page: ToolkitDirective) -> Iterator[Entry]:
    page.depend_on(options)
    yield from map(entries.option, options.OPTIONS)


def _warnings(page: ToolkitDirective) -> Iterator[Entry]:
    page.depend_on(warn)
    yield from map(entries.warning, sorted(Warn))


def _commands(page: ToolkitDirective) -> Iterator[Entry]:
    for fact in collect_commands(COMMANDS):
        if fact.place.file:
            page.env.note_dependency(fact.place.file)
        yield command(fact)


PARTS: Final[Mapping[str, Callable[[ToolkitDirective], Iterator[Entry]]]] = {
    "directives": _directives,
    "roles": _roles,
    "options": _options,
    "warnings": _warnings,
    "commands": _commands,
}


def setup_toolkit(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "toolkit", ToolkitDirective)
