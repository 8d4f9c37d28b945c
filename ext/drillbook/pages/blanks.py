"""`ops:blank`: what a reader fills in once on a page, and every command of the page follows."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import OptionSpec

from drillbook.language import Translate
from drillbook.live.quantity import parse_quantity
from drillbook.live.quote import QuoteError, quote
from drillbook.model.blank import NAME, Blank, BlankType, blanks_in
from drillbook.model.console import LANGUAGES, PROMPT, Command
from drillbook.model.read_only import why_not_read_only
from drillbook.pages.declared import optional, valued
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.entry import literal, paragraph
from drillbook.pages.parts import FINDS, text
from drillbook.pages.words import around, later, say
from drillbook.warn import Warn

BLANK = "ops_blank"  # of a definition list: the Blank that it shows
ALLOWED = "ops-allowed"  # of a paragraph: what may be filled in, from the declaration
LINE = "_" * 24


class BlankDirective(OpsDirective):
    """What a reader fills in once; every ``{{ name }}`` below it on the page follows."""

    argument, holds = "NAME", "what it is, in a sentence"
    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "type": optional(
            "What may be filled in: `text`, `integer`, `number` or `choice`.",
            "word",
            default="`text`, with choices `choice`",
        ),
        "pattern": optional("What the whole text must match.", "regular expression"),
        "minimum": optional("The least value of a number.", "number, or name of a fact"),
        "maximum": optional("The greatest value of a number.", "number, or name of a fact"),
        "choices": optional("What can be chosen from.", "words, with commas"),
        "unit": optional("The unit of a number."),
        "default": optional("An example, and what a run fills in when nothing else gives a value."),
        "command": valued("Prints the value in its last line; it changes nothing. The reader is told.", "command"),
    }

    def build(self) -> list[Node]:
        """A definition list of one item, which the browser makes an input of."""
        content = self.parse_content_to_nodes()
        blank = self._blank(text(content))
        if blank is None:
            return content
        page = page_blanks(self.env)
        if blank.name in page:
            self.warn(Warn.BLANK, f"the blank {blank.name!r} is declared twice on this page")
        page[blank.name] = blank
        allowed = paragraph(*_allowed(blank), *_example(blank))
        allowed["classes"].append(ALLOWED)
        line = nodes.paragraph(
            "", "", say("Fill in: "), nodes.Text(LINE), classes=["ops-blank-line"], translatable=False
        )
        item = nodes.definition_list_item(
            "",
            nodes.term("", "", literal(blank.name)),
            nodes.definition("", *content, allowed, *self._find(blank), line),
        )
        made = nodes.definition_list("", item, classes=["ops-blank"])
        made[BLANK] = blank
        self.set_source_info(made)
        return [made]

    def _blank(self, says: str) -> Blank | None:
        name, options = self.arguments[0], {key: value or "" for key, value in self.options.items()}
        try:
            kind = BlankType(options.get("type", "choice" if "choices" in options else "text").strip())
        except ValueError:
            kinds = ", ".join(BlankType)
            self.warn(Warn.BLANK, f"a blank's type is one of {kinds}, not {options['type']!r}")
            return None
        choices = tuple(filter(None, (choice.strip() for choice in options.get("choices", "").split(","))))
        limits: dict[str, float | None] = {}
        for key in ("minimum", "maximum"):
            try:
                limits[key] = self._limit(options[key]) if key in options else None
            except QuoteError as error:
                self.warn(Warn.BLANK, f"the {key} of a blank is a number, or a fact that is one: {error}")
                return None
        blank = Blank(
            name,
            says,
            kind,
            options.get("pattern", ""),
            limits["minimum"],
            limits["maximum"],
            choices,
            options.get("unit", ""),
            options.get("default", ""),
            " ".join(options.get("command", "").split()),
        )
        if problem := self._problem(blank, options):
            self.warn(Warn.BLANK, problem)
            return None
        return blank

    def _find(self, blank: Blank) -> list[Node]:
        """How a reader finds the value."""
        if not blank.command:
            return []
        if why := why_not_read_only(blank.command, self.config.drillbook_read_only):
            self.warn(
                Warn.READ_ONLY,
                f"the blank {blank.name}: {why}: what finds a value changes nothing, or is named in "
                f"drillbook_read_only in conf.py: {blank.command}",
            )
        session = f"{PROMPT}{blank.command}\n"
        block = nodes.literal_block(session, session, language=LANGUAGES[0])
        block[FINDS] = blank.name
        self.set_source_info(block)
        find = nodes.strong("", "", say("Find it:"))
        return [nodes.paragraph("", "", find, classes=["ops-find"], translatable=False), block]

    def _limit(self, text: str) -> float:
        """A number as typed, or better that of a live fact."""
        if typed := parse_quantity(text):
            return typed.number
        found = quote(self.ops.facts, text)
        self.ops.note_shown(self.env.docname, found.kind, found.name)
        if found.quantity is None:
            raise QuoteError(f"{text!r} says {found.text!r}")
        return found.quantity.number

    def _problem(self, blank: Blank, options: dict[str, str]) -> str | None:
        """What is wrong with a declaration."""
        if not NAME.fullmatch(blank.name):
            return f"a blank's name is letters, digits, - and _, and begins with a letter, not {blank.name!r}"
        if (blank.type is BlankType.CHOICE) != bool(blank.choices):
            return "':choices: one, two' belongs to a blank of type choice, and it needs them"
        numbers = blank.type in (BlankType.INTEGER, BlankType.NUMBER)
        if not numbers and (blank.minimum, blank.maximum) != (None, None):
            return "a minimum or maximum belongs to a blank of type integer or number"
        if blank.pattern and (problem := blank.pattern_problem):
            return problem
        for value in filter(None, (blank.default, *blank.choices)):
            if problem := blank.problem(value) or (Blank("", "").problem(value) and "must be one word"):
                return f"{value!r} {problem}"
        return None


def _example(blank: Blank) -> list[Node]:
    return around(" For example {value}.", literal(blank.default)) if blank.default else []


def _allowed(blank: Blank) -> Iterator[Node]:
    """A sentence of what may be filled in; choices stand there as they are typed."""
    if not blank.choices:
        yield later(lambda _: _sentence(blank.allowed(_), _))
        return
    for number, choice in enumerate(blank.choices):
        if number:
            yield later(lambda _: _(" or "))
        yield literal(choice)
    yield later(lambda _: _sentence("", _))


def _sentence(said: str, _: Translate) -> str:
    return _("{sentence}.").format(sentence=f"{said[:1].upper()}{said[1:]}")


def page_blanks(env: BuildEnvironment) -> dict[str, Blank]:
    """The blanks that the page declares, as far as it has been read."""
    declared: dict[str, Blank] = env.current_document.setdefault("drillbook_blanks", {})  # type: ignore[assignment]
    return declared


def used_blanks(directive: OpsDirective, uses: Iterable[tuple[Command, int]]) -> tuple[Blank, ...]:
    """The declared blanks that commands use; a warning at the line of each that is not declared."""
    page, used = page_blanks(directive.env), dict[str, Blank]()
    for command, line in uses:
        for name in blanks_in(command.text + command.expected):
            if name in page:
                used[name] = page[name]
            else:
                known = f"; declared are {', '.join(page)}" if page else ""
                directive.warn_at(
                    Warn.BLANK,
                    f"{{{{ {name} }}}} is no blank of this page: declare it above with ops:blank{known}",
                    line,
                )
    return tuple(used.values())


def setup_blanks(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "blank", BlankDirective)
