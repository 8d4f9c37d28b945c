"""From an entry to a described object: a node with a target, which roles, `objects.inv` and the search find."""

from typing import ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id
from sphinx.util.typing import OptionSpec

from drillbook.pages.declared import NO_INDEX
from drillbook.pages.domain import Described, OpsDomain
from drillbook.pages.entries import Entry
from drillbook.warn import Warn, warn, warn_internal


class OpsDirective(SphinxDirective):
    """The base of our directives: nothing that they do can end the build.

    A directive's docstring, ``argument``, ``holds`` and options are what `ops:toolkit` tells of it.
    """

    argument: ClassVar[str] = ""  # what its argument is called; in brackets when it can be left out
    holds: ClassVar[str] = ""  # what stands in it
    parent: ClassVar[str] = ""  # the directive that it must stand in
    option_spec: ClassVar[OptionSpec] = {"no-index": NO_INDEX}

    def run(self) -> list[nodes.Node]:
        """Build the nodes; a failure of our own is one located warning."""
        try:
            return self.build()
        except Exception as error:  # an exception here would end the whole build, with no file and no line
            self._trouble()
            warn_internal(f"directive {self.name}", error, self.get_location())
            return []

    def build(self) -> list[nodes.Node]:
        """The nodes that stand in place of the directive."""
        raise NotImplementedError

    @property
    def ops(self) -> OpsDomain:
        """The domain of this build."""
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        return domain

    @property
    def unindexed(self) -> bool:
        """Whether the author wants text only, without targets."""
        return "no-index" in self.options

    def warn(self, kind: Warn, message: str) -> None:
        """Warn at the directive's line; the page is read again until nothing is wrong."""
        self._trouble()
        warn(kind, message, self.get_location())

    def warn_at(self, kind: Warn, message: str, line: int) -> None:
        """Warn at a line of the directive's file."""
        self._trouble()
        file = self.get_source_info()[0]
        warn(kind, message, f"{file}:{line}")

    def _trouble(self) -> None:
        self.ops.troubled[self.env.docname] = True


def describe(directive: OpsDirective, entry: Entry, *, indexed: bool = True, fallback: bool = False) -> addnodes.desc:
    """Write *entry* where *directive* stands.

    Without *indexed* it is text only. A *fallback* can be linked to, but yields to any other description of the
    object, and is not in the page's contents.
    """
    line = addnodes.desc_signature("", "", *entry.signature, classes=["sig", "sig-object", "ops"])
    line["_toc_parts"] = ()
    line["_toc_name"] = entry.title or entry.name if indexed and not fallback and _has_contents(directive) else ""
    directive.set_source_info(line)
    anchor = _target(directive, entry, line, fallback) if indexed else ""
    content = addnodes.desc_content("", *entry.body)
    for option in entry.options:
        content += _option(directive, entry, option, indexed)
    for node in content.findall(nodes.Element):
        if node.line is None:
            directive.set_source_info(node)
    node = addnodes.desc("", line, content, domain="ops", objtype=entry.kind, desctype=entry.kind)
    node["classes"] += ["ops", entry.kind]
    node["no-index"] = node["noindex"] = not anchor
    return node


def _target(directive: OpsDirective, entry: Entry, line: addnodes.desc_signature, fallback: bool) -> str:
    """Give the entry's line an anchor, and note the object."""
    document = directive.state.document
    anchor = make_id(directive.env, document, entry.kind, entry.name.removeprefix("./"))
    line["ids"].append(anchor)
    document.note_explicit_target(line)
    location = directive.get_location()
    described = Described(directive.env.docname, anchor, entry.title or entry.name, location, fallback)
    directive.ops.note_object(entry.kind, entry.name, described)
    for alias in entry.aliases:
        directive.ops.note_object(entry.kind, alias, described._replace(alias=True))
    return anchor


def _option(directive: OpsDirective, command: Entry, option: Entry, indexed: bool) -> addnodes.desc:
    """An option of a command: an object of the standard domain, so that ``{option}`` and other tools know it."""
    line = addnodes.desc_signature("", "", *option.signature, _toc_parts=(), _toc_name="")
    directive.set_source_info(line)
    if indexed and option.name.startswith("-"):
        document = directive.state.document
        term = f"{command.name.removeprefix('./')}-{option.name.lstrip('-')}"
        anchor = make_id(directive.env, document, "option", term)
        line["ids"].append(anchor)
        document.note_explicit_target(line)
        program = "-".join(command.name.split())  # as ``{option}`looks for that of a subcommand
        for flag in (option.name, *option.aliases):
            directive.env.domains.standard_domain.add_program_option(program, flag, directive.env.docname, anchor)
    content = addnodes.desc_content("", *option.body)
    node = addnodes.desc("", line, content, domain="std", objtype="cmdoption", desctype="cmdoption")
    node["classes"] += ["std", "cmdoption"]
    return node


def _has_contents(directive: OpsDirective) -> bool:
    return bool(directive.config.toc_object_entries)
