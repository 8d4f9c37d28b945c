"""The roles that refer to an object, each with what it is for: a link to where some page describes the object."""

from typing import Final

from docutils import nodes
from sphinx.roles import XRefRole

TITLED: Final = ("component", "procedure", "tree")  # what is called by its title, in prose


class ObjectRole(XRefRole):
    """A role for one type of object; ``says`` is what for, and ``argument`` what stands in it."""

    def __init__(self, argument: str, says: str, *, titled: bool = False) -> None:
        super().__init__(innernodeclass=nodes.inline if titled else None)
        self.argument, self.says = argument, says


_SAYS: Final = {
    "alert": ("NAME", "An alert of the live system. The link leads to where its rule is shown."),
    "setting": ("COMPONENT.NAME", "A setting. The name of its environment variable does as well."),
    "metric": ("NAME", "A metric, or one of the series that it gives."),
    "command": (
        "COMMAND",
        "A command, or a subcommand. With another text, options in that text are checked: "
        "`./pumps.sh --all <./pumps.sh>`.",
    ),
    "component": ("NAME", "A component, by its name; the link says its title."),
    "route": ("METHOD PATH", "A route of the HTTP API: `GET /healthz`."),
    "error": ("CODE", "An error by its stable code."),
    "procedure": ("NAME", "A procedure, by its name; the link says its title."),
    "tree": ("NAME", "A troubleshooting tree, by its name; the link says its title."),
    "fault": ("NAME", "A fault that drills put into the system."),
    "table": ("NAME", "A table of the database."),
    "severity": ("NAME", "A level of severity."),
    "directive": ("NAME", "A directive of the toolkit: `ops:tree`. The link leads to where `ops:toolkit` shows it."),
    "role": ("NAME", "A role of the toolkit: `ops:fact`."),
    "option": ("NAME", "An option of `conf.py`: `drillbook_stack`."),
    "warning": ("KIND", "A kind of warning: `drillbook.blank`."),
}
ROLES: Final = {kind: ObjectRole(argument, says, titled=kind in TITLED) for kind, (argument, says) in _SAYS.items()}
