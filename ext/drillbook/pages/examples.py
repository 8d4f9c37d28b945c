"""`ops:example`: a block of code that says how it is proven, for what plain blocks cannot say.

A plain block of ``console`` is run and compared as it stands. This one says in which way its output is compared, which
exit status it has, how long it may take to settle, or why nothing can prove it; the reader is told the same.
"""

from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.directives.code import CodeBlock
from sphinx.util.typing import OptionSpec

from drillbook.live.quantity import Quantity, parse_duration
from drillbook.model.compare import Mode
from drillbook.model.console import AS_SHOWN, LANGUAGES, How
from drillbook.pages.declared import optional, valued
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.fields import duration, inline_text
from drillbook.pages.parts import HOW
from drillbook.pages.words import Said, around, say
from drillbook.warn import Warn


def _says(mode: Mode) -> Said | None:
    """What the reader is told of how the output is compared."""
    match mode:
        case Mode.CONTAINS:
            return say("It prints more than these lines.")
        case Mode.LINES:
            return say("It prints more than these lines, and they may come in another order.")
        case Mode.FIRST_LINE:
            return say("It prints more than its first line.")
        case Mode.LIKE:
            return say("Durations, times, addresses and ids may be others.")
        case Mode.FAILURE:
            return say("It fails.")
    return None


class ExampleDirective(OpsDirective):
    """A block of code that says how it is proven, or why nothing can. A plain block of `console` needs no words."""

    argument, holds = "LANGUAGE", "the code; of `console` the commands, each with what it prints"
    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "caption": valued("A line above the block."),
        "name": optional("A label that links can lead to."),
        "compare": valued(
            f"How the output is compared, in `console`: {', '.join(f'`{mode}`' for mode in Mode)}.",
            "word",
            default="`same`",
        ),
        "status": valued("The exit status, in `console`.", "number", default="0; of a failure any other"),
        "within": valued("In `console`: it is repeated until it is so, for at most that long.", "duration"),
        "time-limit": valued("In `console`: it is ended after that time.", "duration", default="one minute"),
        "unproven": valued("Why nothing can prove it. The reader is told."),
    }

    def build(self) -> list[Node]:
        """The block as `code-block` makes it, and what its reader must know."""
        if not any(line.strip() for line in self.content):
            self.warn(Warn.EXAMPLE, "an example needs something to show")
            return []
        within = self._duration("within")
        how = self._how(within)
        shown: dict[str, Any] = {name: self.options[name] for name in ("caption", "name") if name in self.options}
        made: list[Node] = CodeBlock(
            "code-block",
            self.arguments,
            shown,
            self.content,
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        ).run()
        for block in (block for part in made for block in part.findall(nodes.literal_block)):
            block[HOW] = how
        return [*made, *self._note(how, within)]

    def _how(self, within: Quantity | None) -> How:
        ours = [name for name in ("compare", "status", "within", "time-limit") if name in self.options]
        if ours and self.arguments[0] not in LANGUAGES:
            self.warn(Warn.EXAMPLE, f":{ours[0]}: belongs to a session in the language {LANGUAGES[0]}")
        unproven = " ".join(self.options.get("unproven", "").split())
        if unproven and ours:
            self.warn(Warn.EXAMPLE, f":{ours[0]}: says how this is proven, and :unproven: that it is not")
        limit = self._duration("time-limit")
        return How(
            self._mode(),
            self._status(),
            within.base if within else AS_SHOWN.within_s,
            limit.base if limit else AS_SHOWN.time_limit_s,
            unproven,
        )

    def _mode(self) -> Mode:
        written = self.options.get("compare", Mode.SAME.value).strip()
        try:
            return Mode(written)
        except ValueError:
            self.warn(Warn.EXAMPLE, f":compare: is one of {', '.join(Mode)}, not {written!r}")
            return Mode.SAME

    def _status(self) -> int | None:
        written = self.options.get("status", "").strip()
        if not written:
            return None
        if written.isascii() and written.isdigit() and int(written) <= 255:
            return int(written)
        self.warn(Warn.EXAMPLE, f":status: is an exit status from 0 to 255, not {written!r}")
        return None

    def _duration(self, name: str) -> Quantity | None:
        written = self.options.get(name, "")
        found = parse_duration(written)
        if written and found is None:
            self.warn(Warn.EXAMPLE, f":{name}: is a time such as 30 s, not {written!r}")
        return found

    def _note(self, how: How, within: Quantity | None) -> list[Node]:
        """What is told to the reader, in one paragraph."""
        compared = _says(how.mode)
        said: list[Node] = [compared, nodes.Text(" ")] if compared else []
        if how.status is not None:
            said += [say("Its exit status is {status}.", status=how.status), nodes.Text(" ")]
        if within:
            said += around("If it is not so yet, repeat it for up to {time}.", *duration([nodes.Text(str(within))]))
            said.append(nodes.Text(" "))
        if how.unproven:
            said += [nodes.strong("", "", say("Not proven:")), nodes.Text(" "), *inline_text(self, how.unproven)]
        if not said:
            return []
        note = nodes.paragraph("", "", *said, classes=["ops-how"], translatable=False)
        self.set_source_info(note)
        return [note]


def setup_examples(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "example", ExampleDirective)
