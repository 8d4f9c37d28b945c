"""`ops:demo`: a recording of a procedure, made by the run that proved it, with its transcript.

As stamps are, it is filled in when its page is written: the recording may be of another run than when it was read.
"""

from collections.abc import Iterator
from typing import ClassVar, Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import OptionSpec

from drillbook.language import Translate, _
from drillbook.model.evidence import PROCEDURE, State
from drillbook.model.recording import DEMO, Recording
from drillbook.pages.declared import flag
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import Stamps
from drillbook.pages.stamp_text import dated

PLACE: Final = "ops_demo"  # of a container: the procedure whose recording stands there
CAST: Final = "ops_cast"  # of a literal block: the recording whose transcript it is
VIDEO: Final = "ops_video"  # of a container or a literal block: a video is wanted of that recording


class WantsVideo(NamedTuple):
    """The place of a video, among the models of a page: of which procedure, and the file and line that ask for it."""

    name: str
    place: str


class DemoDirective(OpsDirective):
    """The place of a recording. Its argument names the procedure."""

    argument = "PROCEDURE"
    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {
        "video": flag("HTML pages have it as a captioned video, too: to be shown to many, or sent."),
    }

    def build(self) -> list[Node]:
        """What leads to the procedure, and a container, filled when the page is written."""
        name = self.arguments[0]
        way = addnodes.pending_xref(
            "", nodes.inline(name, name), refdomain=OpsDomain.name, reftype="procedure", reftarget=name, refwarn=True
        )
        way["refexplicit"], way["refdoc"] = False, self.env.docname
        node = nodes.container("", nodes.paragraph("", "", way), classes=["ops", "ops-demo"])
        node[PLACE] = name
        self.set_source_info(node)
        self.set_source_info(way)
        self.ops.note_model(DEMO, self.env.docname, name)
        if "video" in self.options:
            node[VIDEO] = True
            self.ops.note_model(VIDEO, self.env.docname, WantsVideo(name, self.get_location()))
        return [node]


def demos_of(env: BuildEnvironment) -> list[str]:
    """The procedures that any page shows a recording of."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return sorted({name for _, name in domain.every(DEMO)})


def videos_of(env: BuildEnvironment) -> Iterator[tuple[str, WantsVideo]]:
    """The videos that pages ask for, each with its document name."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    yield from domain.every(VIDEO)


def demo_says(found: Stamps, name: str, _: Translate = str) -> tuple[str, State, Recording | None]:
    """What is said of a recording, what it is worth, and the recording, if there is one. *_* translates a message."""
    kept = found.recording(name)
    if kept is None:
        return _("Not recorded yet."), State.NONE, None
    version = f"v{kept.version}" if kept.version[:1].isdigit() else kept.version
    said = _("Recorded {day} against {version} by the run that proved it.")
    said = said.format(day=kept.recorded[:10], version=version)
    changed = _("This recording is older than the last change of the system.") if kept.system != found.system else ""
    if kept.content != found.content(PROCEDURE, name):
        changed = _("This recording is older than the last change of the procedure.")
    return (f"{changed} {said}", State.VOID, kept) if changed else (said, State.PROVEN, kept)


def fill_demo(node: Element, found: Stamps) -> None:
    """Put in what is said of the recording, and its transcript."""
    node.extend(_filling(node[PLACE], found, VIDEO in node))


def _filling(name: str, found: Stamps, video: bool) -> Iterator[Node]:
    said, state, kept = demo_says(found, name, _)
    yield dated(said, state)
    if kept is not None:
        block = nodes.literal_block(kept.transcript, kept.transcript, language="console", classes=["ops-transcript"])
        block[CAST] = kept.cast
        if video:
            block[VIDEO] = name
        yield block


def setup_demos(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "demo", DemoDirective)
