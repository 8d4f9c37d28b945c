"""Bad input: pages made of our directives and roles by Hypothesis, and good pages damaged at random."""

import random
import re
from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

DIRECTIVES = [
    "procedure",
    "step",
    "blank",
    "tree",
    "check",
    "fix",
    "escalate",
    "severity",
    "checklist",
    "example",
    "settings",
    "alerts",
    "recordings",
    "metrics",
    "commands",
    "routes",
    "errors",
    "components",
    "faults",
    "proof",
    "component-diagram",
    "settings-class",
    "toolkit",
    "schema",
    "failure-modes",
    "tables",
    "table-diagram",
]
ROLES = [
    "fact",
    "unproven",
    "procedure",
    "tree",
    "alert",
    "setting",
    "metric",
    "command",
    "component",
    "severity",
    "route",
    "error",
    "fault",
    "table",
    "directive",
    "role",
    "option",
    "warning",
    "nothing",
]
OPTIONS = [
    "purpose",
    "when",
    "who",
    "takes",
    "risk",
    "needs",
    "undone-by",
    "title",
    "alerts",
    "owner",
    "procedure",
    "with",
    "within",
    "to",
    "bring",
    "type",
    "pattern",
    "minimum",
    "maximum",
    "choices",
    "unit",
    "default",
    "no-index",
    "caption",
    "alt",
    "bogus",
    "compare",
    "status",
    "time-limit",
    "unproven",
    "faults",
    "not-drilled",
    "given",
    "leaves",
    "command",
]
WORDS = [
    "OilLow", "fill-tank", "lamp.period_s", "OilLow.threshold", "OilLow.threshold.9", "alert:OilLow.for", "lamp", "north",
    "barrel=north", "a=b=c,,=", "5 min", "-3 s", "1e999 s", "NaN", "10 dB", "80 %", "tree OilLow", "nothing, because", "text",
    "integer", "choice", "(", "(a+)+$", "[a-z", "{{ barrel }}", "{{ }}", "{{{{", "`", "``", "\\", ":", "::", "\u0000", "\u200b",
    "\ud7ff", "<script>alert(1)</script>", "&amp;", "$(reboot)", "x" * 3000, "é", "号", "🔥", "\t", "|", "*", "**", "_", "ref_",
    "[x](y)", "%", "../../etc/passwd", "-> call", "→", "exit 0", "number > 5", "/up/", "otherwise", "no data", "value 1..2",
]  # fmt: skip
ANSWERS = [
    "- Yes: `exit 0` -> call", "- No: `exit != 0` -> fill", "- Otherwise -> call", "- `otherwise` ->", "- -> -> ->", "-",
    "- Text `/(/` -> call", "- A: `number > OilLow.threshold` -> fill", "- B: `number after \"x\" 1 .. 0` -> gauge",
    "- C: `exit 0 and exit 0 and number = 1 ms and value = 2 B` -> tree OilLow", "  - nested: `exit 0` -> call", "1. one",
]  # fmt: skip
SHELL = [
    "$ ls",
    "$ rm -rf /",
    "$ echo 'open",
    "$ cat <<END",
    "$ $(",
    "> x",
    "$",
    "output",
    "$ psql -c 'select 1; drop x'",
]
word = st.sampled_from(WORDS) | st.text(max_size=12)
line = st.lists(word, max_size=4).map(" ".join)


def _role(name: str, text: str, markdown: bool) -> str:
    return f"{{ops:{name}}}`{text}`" if markdown else f":ops:{name}:`{text}`"


@st.composite
def block(draw: st.DrawFn, markdown: bool, depth: int = 0) -> list[str]:
    """Lines of a directive, of answers, of a console session, or of prose with roles."""
    kind = draw(st.sampled_from(["directive"] * 4 + ["answers", "console", "promql", "prose", "definition"]))
    if kind == "answers":
        return draw(st.lists(st.sampled_from(ANSWERS) | line.map(lambda text: f"- {text}"), max_size=4))
    if kind in ("console", "promql"):
        session = draw(st.lists(st.sampled_from(SHELL) | line, max_size=4))
        if markdown:
            return [f"```{kind}", *session, "```"]
        return [f".. code-block:: {kind}", "", *(f"   {text}" for text in session)]
    if kind == "prose":
        name, text = draw(st.sampled_from(ROLES)), draw(word)
        return [f"{draw(line)} {_role(name, text, markdown)} {draw(line)}"]
    if kind == "definition":
        return [f"SEV2: {draw(word)}", f": {draw(line)}" if markdown else f"   {draw(line)}"]
    name, argument = draw(st.sampled_from(DIRECTIVES)), draw(line)
    options = draw(st.lists(st.tuples(st.sampled_from(OPTIONS), line), max_size=6))
    inner = draw(st.lists(block(markdown, depth + 1), max_size=3)) if depth < 3 else []
    content = [text for part in inner for text in (*part, "")]
    if markdown:
        fence = ":" * draw(st.integers(3, 7 - depth))
        fields = [f":{option}: {value}" for option, value in options]
        return [f"{fence}{{ops:{name}}} {argument}", *fields, "", *content, *draw(st.sampled_from([[fence], []]))]
    fields = [f"   :{option}: {value}" for option, value in options]
    return [f".. ops:{name}:: {argument}", *fields, "", *(f"   {text}" for text in content)]


def generated(count: int, seed: int, *, markdown: bool) -> list[str]:
    """*count* pages that Hypothesis makes; the same for the same seed."""
    pages: list[str] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(block(markdown), min_size=1, max_size=3))
    def collect(blocks: list[list[str]]) -> None:
        if len(pages) < count:
            pages.append("\n".join(text for part in blocks for text in (*part, "")))

    collect()
    return pages


def mutated(good: str, count: int, seed: int) -> Iterator[str]:
    """*count* pages with one to four things wrong in each."""
    chance = random.Random(seed)
    for _ in range(count):
        lines = good.splitlines()
        start = chance.randrange(len(lines))  # a part is enough, and is read sooner
        lines = lines[start : start + chance.randrange(5, 80)]
        for _ in range(chance.randrange(1, 5)):
            lines = _damaged(lines, chance)
        yield "\n".join(lines) + "\n"


def _damaged(lines: list[str], chance: random.Random) -> list[str]:
    lines = lines or [""]
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    text = lines[at]
    match chance.randrange(10):
        case 0:
            return lines[:at] + lines[at + 1 :]
        case 1:
            return [*lines[:at], text, *lines[at:]]
        case 2:
            lines[at], lines[other] = lines[other], text
        case 3:
            lines[at] = chance.choice(["", " ", "    ", ":", "::::"]) + text
        case 4:
            lines[at] = text.replace(":::", chance.choice(["::", "::::", "```"]), 1)
        case 5:
            lines[at] = re.sub(r"\d+", chance.choice(["-1", "1e400", "99999999999999999999", "", "x"]), text)
        case 6:
            lines[at] = (
                text[: chance.randrange(len(text) + 1)] + chance.choice(WORDS) + text[chance.randrange(len(text) + 1) :]
            )
        case 7:
            lines[at] = re.sub(r"`[^`]*`", lambda _: f"`{chance.choice(WORDS)}`", text)
        case 8:
            lines[at] = re.sub(r"->.*", lambda _: f"-> {chance.choice(WORDS)}", text)
        case 9:
            lines[at] = re.sub(r"(:[\w-]+:).*", lambda found: f"{found[1]} {chance.choice(WORDS)}", text)
    return lines
