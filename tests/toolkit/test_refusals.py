"""What the build refuses in procedures and trees, each with file, line and words that tell what to do."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, GOOD, PROCEDURE, handbook, tree

TOP = "# Stations\n\n"
REST = "\n# Restart\n\n" + PROCEDURE


def page(*nodes: str, **options: str) -> str:
    return TOP + tree(*nodes, **options) + REST


def check(name: str, *answers: str, command: str = "$ ./stations status", language: str = "console") -> str:
    listed = "".join(f"- {answer}\n" for answer in answers)
    return f":::{{ops:check}} {name}\nWhat now?\n\n```{language}\n{command}\n```\n\n{listed}:::\n"


OTHER = check("other", "Yes: `exit 0` -> restart", "Otherwise -> call")


def example(text: str, language: str = "console") -> str:
    """An example of a page."""
    return f"```{{ops:example}} {language}\n{text}```\n"


FAULTS: dict[str, tuple[str, str, str]] = {  # title: page, the words at whose line it is refused, what is said
    "an answer leads to no node": (
        page(CHECK.replace("-> restart", "-> restrat"), FIX, CALL),
        "restrat",
        "no node is called 'restrat'; there are: ask, restart, call",
    ),
    "a node that nothing reaches": (
        page(CHECK, FIX, CALL, OTHER),
        "{ops:check} other",
        "nothing leads to check 'other'",
    ),
    "a circle": (
        page(
            CHECK.replace("-> restart", "-> other"),
            check("other", "Yes: `exit 0` -> ask", "Otherwise -> restart"),
            FIX,
            CALL,
        ),
        "{ops:check} ask",
        "a circle: ask -> other -> ask",
    ),
    "an answer with no way on": (
        page(CHECK.replace(" -> restart", ""), FIX, CALL),
        "Some are down",
        "where does this lead?",
    ),
    "an answer with no condition": (
        page(CHECK.replace("`exit 0` ", ""), FIX, CALL),
        "All answer",
        "when does this hold?",
    ),
    "an answer of several paragraphs": (
        page(CHECK.replace("-> restart", "-> restart\n\n  More."), FIX, CALL),
        "Some are down",
        "one line only",
    ),
    "two numeric conditions that can both hold": (
        page(CHECK.replace("`exit != 0`", "`exit >= 0`"), FIX, CALL),
        "{ops:check} ask",
        "'exit 0' and 'exit >= 0' can both hold: exit 0",
    ),
    "a gap between conditions": (
        page(CHECK.replace("`exit != 0`", "`exit 2`"), FIX, CALL),
        "{ops:check} ask",
        "no answer is for exit 1: add one, or 'otherwise'",
    ),
    "a text without otherwise": (
        page(CHECK.replace("`exit 0`", "`/up/`"), FIX, CALL),
        "{ops:check} ask",
        "no answer is for 'otherwise'",
    ),
    "otherwise twice": (
        page(check("ask", "A: `otherwise` -> restart", "Otherwise -> call"), FIX, CALL),
        "{ops:check} ask",
        "'otherwise' stands twice",
    ),
    "one answer only": (
        page(check("ask", "Otherwise -> restart"), FIX),
        "{ops:check} ask",
        "needs two answers or more",
    ),
    "a condition that cannot be read": (
        page(CHECK.replace("`exit 0`", "`exti 0`"), FIX, CALL),
        "exti 0",
        "'exti 0' is none of: exit 0",
    ),
    "a condition with a bad regular expression": (
        page(CHECK.replace("`exit 0`", "`/(/`"), FIX, CALL),
        "/(/",
        "is no regular expression",
    ),
    "a condition with an unknown fact": (
        page(CHECK.replace("`exit 0`", "`number > Slow.threshold`"), FIX, CALL),
        "Slow.threshold",
        "the live system has no fact 'Slow.threshold'",
    ),
    "an exit status that there is not": (
        page(CHECK.replace("`exit 0`", "`exit 300`"), FIX, CALL),
        "exit 300",
        "a whole number from 0 to 255",
    ),
    "a name twice": (
        page(CHECK, FIX, FIX, CALL),
        "",
        "'restart' is already the name of the fix at line",
    ),
    "a check without a command": (
        page(CHECK.replace("```console", "```text"), FIX, CALL),
        "{ops:check} ask",
        "needs one block of ```console",
    ),
    "a check that changes something": (
        page(CHECK.replace("$ ./stations status", "$ rm -r /data"), FIX, CALL),
        "{ops:check} ask",
        "rm is not known to change nothing: make it a step of a procedure, or name it in drillbook_read_only",
    ),
    "a check without a question": (
        page(CHECK.replace("Do all stations answer?\n\n", ""), FIX, CALL),
        "{ops:check} ask",
        "must begin with a paragraph",
    ),
    "a check outside of a tree": (TOP + CHECK, "{ops:check} ask", "ops:check stands outside of ops:tree"),
    "a fence that is too short": (
        TOP + tree(CHECK, FIX, CALL).replace("::::", ":::") + REST,
        "{ops:fix}",
        "ops:fix stands outside of ops:tree: is the fence of the ops:tree longer than its own?",
    ),
    "a step outside of a procedure": (
        TOP + "::::{ops:step} Go\nGo.\n::::\n",
        "{ops:step} Go",
        "ops:step stands outside of ops:procedure",
    ),
    "a check within something else": (
        page(f"::::{{note}}\n{CHECK}::::\n".replace(":::", "::::").replace("::::::", "::::"), FIX, CALL),
        "",
        "must stand directly in",
    ),
    "a fix without a procedure": (
        page(CHECK, FIX.replace(":procedure: restart-station\n", ""), CALL),
        "{ops:fix}",
        "needs ':procedure: name'",
    ),
    "a fix of an unknown procedure": (
        page(CHECK, FIX.replace("restart-station", "reboot"), CALL),
        "{ops:fix}",
        "unknown procedure: reboot is described on no page",
    ),
    "a fix without a time": (
        page(CHECK, FIX.replace(":within: 5 min\n", ""), CALL),
        "{ops:fix}",
        "needs ':within: 5 min'",
    ),
    "a time without a unit": (
        page(CHECK, FIX.replace("5 min", "5"), CALL),
        "{ops:fix}",
        "needs ':within: 5 min'",
    ),
    "a time in which no alert clears": (
        page(CHECK, FIX.replace("5 min", "5 ms"), CALL),
        "{ops:fix}",
        "no alert clears within 5 ms",
    ),
    "a fix that fills no blank": (
        page(CHECK, FIX.replace("station=north", "place=north"), CALL),
        "{ops:fix}",
        "the procedure restart-station has no blank 'place'; it has: station",
    ),
    "a fix that fills in what cannot be": (
        page(CHECK, FIX.replace("station=north", "station=NORTH"), CALL),
        "{ops:fix}",
        "the blank station of restart-station: 'NORTH' must match [a-z]+",
    ),
    "values that are none": (
        page(CHECK, FIX.replace("station=north", "north"), CALL),
        "{ops:fix}",
        "':with: blank=value, other=value'",
    ),
    "an escalation to nobody": (
        page(CHECK, FIX, CALL.replace(":to: the platform team\n", "")),
        "{ops:escalate}",
        "needs ':to:'",
    ),
    "an escalation with empty hands": (
        page(CHECK, FIX, CALL.replace(":bring: the output of the check\n", "")),
        "{ops:escalate}",
        "needs ':bring:'",
    ),
    "a tree without an owner": (
        page(CHECK, FIX, CALL, options=":title: Slow"),
        "{ops:tree}",
        "needs ':owner:'",
    ),
    "a tree for no alert": (
        page(CHECK, FIX, CALL, name="Mine"),
        "{ops:tree}",
        "needs ':alerts:': no alert is called as it is",
    ),
    "a tree for an unknown alert": (
        page(CHECK, FIX, CALL, options=":owner: us\n:alerts: SlowReports, Quiet"),
        "{ops:tree}",
        "there is no alert 'Quiet' in the live system",
    ),
    "an answer to an unknown tree": (
        page(CHECK.replace("-> call", "-> tree Quiet"), FIX.replace("restart", "restart")),
        "tree Quiet",
        "unknown tree: Quiet is described on no page",
    ),
    "a circle of trees": (
        page(CHECK.replace("-> call", "-> tree Silent"), FIX)
        + "\n# Silent\n\n"
        + tree(CHECK.replace("-> call", "-> tree SlowReports"), FIX, name="Silent"),
        "tree Silent",
        "trees lead in a circle: SlowReports -> Silent -> SlowReports",
    ),
    "a tree twice": (
        page(CHECK, FIX, CALL) + "\n# Again\n\n" + tree(CHECK, FIX, CALL),
        "",
        "tree SlowReports is described twice",
    ),
    "a procedure twice": (
        GOOD + "\n# Again\n\n" + PROCEDURE.replace("{{ station }}", "x").replace("ops:blank} station", "ops:blank} y"),
        "",
        "procedure restart-station is described twice",
    ),
    "a procedure without a purpose": (
        TOP + PROCEDURE.replace(":purpose: Bring a station back.\n", ""),
        "{ops:procedure}",
        "does not say ':purpose:'",
    ),
    "a procedure that does not say how it is undone": (
        TOP + re.sub(":undone-by:.*\n", "", PROCEDURE),
        "{ops:procedure}",
        "does not say ':undone-by:'",
    ),
    "a procedure undone by what there is not": (
        TOP + re.sub(":undone-by:.*\n", ":undone-by: stop-it\n", PROCEDURE),
        "{ops:procedure}",
        "unknown procedure: stop-it",
    ),
    "a procedure without steps": (
        TOP + PROCEDURE.partition("::::{ops:step}")[0] + ":::::\n",
        "{ops:procedure}",
        "has no steps",
    ),
    "a step that nothing confirms": (
        TOP + PROCEDURE.replace("\nrestarted", "").replace("\nall  up", "").replace("Confirm: it", "It"),
        "{ops:step}",
        "how does one know that it worked?",
    ),
    "a step that nothing undoes": (
        TOP + PROCEDURE.replace("Undo: nothing to undo.", "Done."),
        "{ops:step}",
        "how is it undone?",
    ),
    "a blank that is not declared": (
        TOP + PROCEDURE.replace("{{ station }}", "{{ place }}"),
        "{ops:step}",
        "{{ place }} is no blank of this page: declare it above with ops:blank; declared are station",
    ),
    "a blank twice": (
        TOP
        + PROCEDURE.replace(
            "::::{ops:step}", "::::{ops:blank} station\n:pattern: [a-z]+\n\nAgain.\n::::\n\n::::{ops:step}"
        ),
        "",
        "the blank 'station' is declared twice",
    ),
    "a blank of no type": (
        TOP + PROCEDURE.replace(":pattern: [a-z]+", ":type: word"),
        "{ops:blank}",
        "type is one of text, integer, number, choice",
    ),
    "a blank with a pattern that is none": (
        TOP + PROCEDURE.replace("[a-z]+", "("),
        "{ops:blank}",
        "is no regular expression",
    ),
    "a default that may not be filled in": (
        TOP + PROCEDURE.replace(":default: north", ":default: NORTH"),
        "{ops:blank}",
        "'NORTH' must match [a-z]+",
    ),
    "a default that a shell would run": (
        TOP + PROCEDURE.replace(":pattern: [a-z]+\n", "").replace(":default: north", ":default: $(reboot)"),
        "{ops:blank}",
        "'$(reboot)' must be one word",
    ),
    "a choice without choices": (
        TOP + PROCEDURE.replace(":pattern: [a-z]+", ":type: choice"),
        "{ops:blank}",
        "belongs to a blank of type choice",
    ),
    "a limit that is no number": (
        TOP + PROCEDURE.replace(":pattern: [a-z]+", ":type: integer\n:minimum: few"),
        "{ops:blank}",
        "is a number, or a fact that is one: the live system has no fact 'few'",
    ),
    "a fact that there is not": (
        TOP + "It takes {ops:fact}`SlowReport.for`.\n",
        "SlowReport.for",
        "the live system has no fact 'SlowReport.for'",
    ),
    "a fact of several numbers": (
        TOP + "At {ops:fact}`Silent.threshold`.\n",
        "Silent.threshold",
        "several numbers: Silent.threshold.1, Silent.threshold.2",
    ),
    "a property that there is not": (
        TOP + "At {ops:fact}`Silent.limit`.\n",
        "Silent.limit",
        "the alert Silent has no 'limit'; it has: name, threshold",
    ),
    "a naked number": (TOP + "It takes 5 min.\n", "5 min", "'5 min' is typed: quote its fact"),
    "a naked number where an answer leads": (
        page(CHECK.replace("-> restart", "-> 5 min"), FIX, CALL),
        "-> 5 min",
        "'5 min' is typed: quote its fact",
    ),
    "an example with nothing in it": (TOP + example(""), "{ops:example}", "needs something to show"),
    "a way to compare that there is not": (
        TOP + example(":compare: roughly\n\n$ ls\n"),
        "{ops:example}",
        ":compare: is one of same, contains, lines, first-line, like, failure, not 'roughly'",
    ),
    "an exit status that cannot be": (
        TOP + example(":status: 256\n\n$ ls\n"),
        "{ops:example}",
        ":status: is an exit status from 0 to 255, not '256'",
    ),
    "a time that is none": (
        TOP + example(":within: soon\n\n$ ls\n"),
        "{ops:example}",
        ":within: is a time such as 30 s, not 'soon'",
    ),
    "an example that is proven and is not": (
        TOP + example(":status: 0\n:unproven: no reason\n\n$ ls\n"),
        "{ops:example}",
        ":status: says how this is proven, and :unproven: that it is not",
    ),
    "a comparison of what is not run": (
        TOP + example(":compare: like\n\nkey: 1\n", "yaml"),
        "{ops:example}",
        ":compare: belongs to a session in the language console",
    ),
    "a severity that is not in the table": (
        TOP + ":::{ops:severity}\nSEV2: Slow\n: Late reports.\n:::\n",
        "{ops:severity}",
        "the alert Silent has the severity 'SEV1'",
    ),
    "a table of no severities": (
        TOP + ":::{ops:severity}\nNothing.\n:::\n",
        "{ops:severity}",
        "needs a definition list",
    ),
    "a line below a severity that is not in the table": (
        TOP + ":::{ops:severity}\n:major: SEV3\n\nSEV1: None\n: Nothing.\n\nSEV2: Slow\n: Late reports.\n:::\n",
        "{ops:severity}",
        ":major: is one of the levels SEV1, SEV2, not 'SEV3'",
    ),
    "a checklist with nothing to tick": (
        TOP + ":::{ops:checklist}\nNothing.\n:::\n",
        "{ops:checklist}",
        "needs a list",
    ),
}


@pytest.mark.parametrize("title", FAULTS)
def test_the_build_refuses(title: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    text, at, says = FAULTS[title]
    built = build(handbook(tmp_path / "book", text), warns=True)
    found = [line for line in built.warnings.splitlines() if says in line]
    assert found, built.warnings or "no warning at all"
    assert "[drillbook.internal]" not in built.warnings
    assert re.search(r"\[(drillbook\.[a-z-]+|ref\.procedure|ref\.tree)\]$", found[0]), found[0]
    line = next(number for number, written in enumerate(text.splitlines(), 1) if at in written)
    where = re.match(r"index\.md:(\d+): ", found[0])
    assert where, found[0]
    assert not at or int(where[1]) == line, (line, found[0])
    assert (built.output / "index.html").exists(), "the page is built all the same"


def test_a_good_page_is_not_refused(tmp_path: Path, build: Callable[..., Build]) -> None:
    build(handbook(tmp_path / "book"))
