"""The manual on paper: what any page has stands in the PDF, and what the PDF says of its pages is so."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.toolkit.building import Build
from tests.toolkit.handbook import CONF, RULES

BuildIt = Callable[..., Build]
MAIN = """\
# Stations

Read {doc}`second` first.[^note]

[^note]: It is short.

```{toctree}
:caption: Work

second
third
```
"""
SECOND = """\
# The second page

(there)=
## A place

| Name | What it is |
| --- | --- |
| north | `a-very-long-name-that-nobody-would-call-a-station.example/path` |
| south | a station |

```{warning}
It is hot.
```
"""
THIRD = """\
# The third page

Back to {ref}`there`.
"""

RIDDLE = """\
from docutils import nodes
from docutils.parsers.rst import Directive

class riddle(nodes.General, nodes.Element):
    pass

class Riddle(Directive):
    def run(self):
        return [riddle("", nodes.paragraph("", "Who knows?"))]
"""


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """A small manual with these pages."""

    def make(conf: str = "", **pages: str) -> Path:
        folder = tmp_path / f"book{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "conf.py").write_text(CONF + conf)
        (folder / "rules.yml").write_text(RULES)
        for name, text in ({"index": MAIN, "second": SECOND, "third": THIRD} | pages).items():
            (folder / f"{name}{'' if '.' in name else '.md'}").write_text(text)
        return folder

    return make


def pdf(build: Build) -> Path:
    """The only PDF that was made."""
    [made] = build.output.glob("*.pdf")
    return made


def texts(build: Build) -> list[str]:
    """The text of each sheet of paper, its spaces as one."""
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in PdfReader(pdf(build)).pages]


def sheet(build: Build, words: str) -> int:
    """The number that is printed on the sheet with these words."""
    [number] = [number for number, text in enumerate(texts(build), 1) if words in text]
    return number


@pytest.mark.parametrize("root", ["diagrams", "lantern", "mill", "trees", "weather"])
def test_every_project_of_the_tests_is_a_pdf(root: str, build: BuildIt) -> None:
    done = build(root, "typst", warns=True)
    warned = [line for line in done.warnings.splitlines() if "no font of the PDF has these letters" not in line]
    assert not warned
    assert len(PdfReader(pdf(done)).pages) >= 4


def test_links_say_on_which_sheet_their_target_is(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book(), "typst")
    target = sheet(done, "It is hot.")
    assert f"Back to A place (p. {target})" in texts(done)[sheet(done, "Back to A place") - 1]
    assert f"Read The second page (p. {target}) first" in " ".join(texts(done))
    assert "It is short." in texts(done)[sheet(done, "Read The second page") - 1], "a footnote is on the same sheet"


def test_the_file_says_what_it_is(book: Callable[..., Path], build: BuildIt) -> None:
    reader = PdfReader(pdf(build(book('release = "v3"\nauthor = "The weather team"\n'), "typst")))
    assert reader.metadata is not None
    assert reader.metadata.title == "Operations manual" and reader.metadata.author == "The weather team"
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    titles = [item.title for item in reader.outline if not isinstance(item, list)]
    assert {"Work", "Contacts", "Index"} <= set(titles)


def test_two_builds_of_one_state_are_the_same_file(
    book: Callable[..., Path], build: BuildIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first, second = (pdf(build(book(), "typst")).read_bytes() for _ in range(2))
    assert first == second
    assert b"2023" in first


def test_no_text_of_a_page_is_markup(book: Callable[..., Path], build: BuildIt) -> None:
    hostile = r'#panic("x") $a$ [b] *c* _d_ @e <f> //g \ ~ #[h] ${i} "j" = k'
    page = f"# The third page\n\n{{ref}}`there`\n\n`{hostile}`\n\n```\n{hostile}\n\u0007{hostile}\n```\n"
    done = build(book(third=page), "typst")
    assert "".join(" ".join(texts(done)).split()).count("".join(hostile.split())) == 3


@pytest.mark.parametrize("letters", ["水", "\U0001f525"])
def test_letters_that_no_font_has_are_shown_by_their_numbers(
    letters: str, book: Callable[..., Path], build: BuildIt
) -> None:
    done = build(book(third=f"# The third page\n\nThe {letters} of {{ref}}`there`.\n"), "typst", warns=True)
    assert "third.md" in done.warnings and f"shown by their numbers: {letters};" in done.warnings
    assert f"The [U+{ord(letters):04X}] of" in " ".join(texts(done))


def test_a_command_that_is_wider_than_the_paper_is_marked_where_it_goes_on(
    book: Callable[..., Path], build: BuildIt
) -> None:
    command = "./measure " + " ".join(f"--option-{number}=value" for number in range(30))
    done = build(
        book(third=f"# The third page\n\n{{ref}}`there`\n\n```console\n$ {command}\nall {'9' * 200} done\n```\n"),
        "typst",
    )
    text = texts(done)[sheet(done, "./measure") - 1]
    assert text.count("↩") >= 6
    assert command in " ".join(text.replace("↩", " ").split()), "it goes on at spaces"
    assert "9" * 200 in "".join(text.replace("↩", "").split()), "what has no space is cut"


def test_a_table_goes_on_over_sheets_with_its_heads(book: Callable[..., Path], build: BuildIt) -> None:
    rows = "".join(f"| row{number} | text |\n" for number in range(120))
    page = f"# The third page\n\n{{ref}}`there`\n\n| Station | Remark |\n| --- | --- |\n{rows}"
    having = [text for text in texts(build(book(third=page), "typst")) if re.search(r"\brow\d+ text", text)]
    assert len(having) >= 3 and all("Station Remark" in text for text in having)


def test_blanks_are_framed_and_named(book: Callable[..., Path], build: BuildIt) -> None:
    page = """\
# The third page

:::::{ops:procedure} restart-station
:purpose: Bring a station back to {ref}`there`.
:when: A station does not answer.
:who: the on-call engineer
:takes: 2 min
:risk: Low.
:needs: a shell
:undone-by: nothing, a running station is what one wants

::::{ops:blank} station
:default: north

The station.
::::

::::{ops:step} Restart it
```console
$ ./stations restart {{ station }}
{{ station }} restarted
```

Confirm: it is up.

Undo: nothing to undo.
::::
:::::
"""
    text = " ".join(texts(build(book(third=page), "typst")))
    assert "$ ./stations restart station station restarted" in text
    assert "Fill in:" in text and "☐ 1 Restart it" in text
    assert "{{" not in text


def test_a_node_that_nobody_knows_is_shown_and_warned_of(book: Callable[..., Path], build: BuildIt) -> None:
    conf = """
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from station import Riddle

def setup(app):
    app.add_directive("riddle", Riddle)
"""
    folder = book(conf, third="# The third page\n\n{ref}`there`\n\n```{riddle}\n```\n")
    (folder / "station.py").write_text(RIDDLE)
    done = build(folder, "typst", warns=True)
    assert "third.md" in done.warnings and "the PDF has no form for 'riddle': it shows its text" in done.warnings
    assert "[drillbook.paper]" in done.warnings
    assert "Who knows?" in " ".join(texts(done))


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("```{raw} html\n<p>Seen by <b>some</b></p><script>never()</script>\n```", "raw html: Seen by some"),
        ("So <img src='map.png' alt='a map'> it is", "raw html: a map it is"),
        ("```{raw} html\n<iframe src='https://video.example'></iframe>\n```", "raw html: https://video.example"),
        ("```{raw} latex\nSeen \\emph{by some}\n```", "raw latex: Seen"),
    ],
)
def test_what_is_raw_for_another_format_never_vanishes(
    markup: str, words: str, book: Callable[..., Path], build: BuildIt
) -> None:
    done = build(book(third=f"# The third page\n\n{{ref}}`there`\n\n{markup}\n"), "typst", warns=True)
    assert re.search(r"third\.md:\d+: WARNING: the PDF cannot show raw (html|latex)", done.warnings)
    assert words in " ".join(texts(done)) and "never()" not in " ".join(texts(done))


@pytest.mark.parametrize(
    "markup",
    [
        "Press <kbd>x</kbd> now",
        "```{raw} latex\n\\newpage\n```",
        "```{raw} html\n<style>b { color: red }</style>\n<!-- a note -->\n```",
        "```{raw} html\n<b>On a screen</b>\n```\n\n```{raw} typst\nOn paper\n```",
        "````{only} html\n```{raw} html\n<b>On a screen</b>\n```\n````",
    ],
)
def test_raw_markup_without_words_or_with_others_for_paper_is_no_warning(
    markup: str, book: Callable[..., Path], build: BuildIt
) -> None:
    done = build(book(third=f"# The third page\n\n{{ref}}`there`\n\n{markup}\n"), "typst")
    assert "On a screen" not in " ".join(texts(done))


def test_every_sheet_says_when_it_was_made_against_what_and_when_to_doubt_it(
    book: Callable[..., Path], build: BuildIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    every = texts(build(book('release = "v3"\n'), "typst"))
    for text in every:
        assert "Stations v3, commit " in text and "2023-11-14 22:13 UTC" in text
        assert "Nothing in this manual is proven by a run." in text, "without proofs there is no day"
    assert "Manual and system Stations v3" in every[0]


def test_some_pages_are_a_pdf_of_their_own(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book(), "typst", confoverrides={"drillbook_pdf_only": "third"})
    assert pdf(done).name == "stations-third.pdf"
    [text] = texts(done)
    assert "Back to A place." in text, "a link to a page that is not there has no number"


def test_a_page_that_is_not_there_cannot_be_asked_for(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book(), "typst", warns=True, confoverrides={"drillbook_pdf_only": "third,fourth"})
    assert "there is no page 'fourth' for the PDF" in done.warnings


def test_pages_that_are_needed_first_come_first(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book('drillbook_pdf = {"first": ["third"]}\n'), "typst")
    assert sheet(done, "Back to A place") == 3, "behind cover and contacts"
    done = build(book('drillbook_pdf = {"first": ["fourth"]}\n'), "typst", warns=True)
    assert re.search(r"conf\.py:\d+: WARNING: there is no page 'fourth' for the PDF", done.warnings)


def test_what_is_needed_at_once_stands_behind_the_cover(book: Callable[..., Path], build: BuildIt) -> None:
    page = "# The third page\n\n(where)=\n\n| Role | Does |\n| --- | --- |\n| {ref}`lead <there>` | decides[^one] |\n\n[^one]: Once.\n"
    done = build(book('drillbook_pdf = {"spread": ["third", "index"]}\n', third=page), "typst")
    every = texts(done)
    whole = sheet(done, "Once.")
    assert f"The third page (p. {whole}) Role Does lead (p. {sheet(done, 'It is hot.')}) decides Contacts" in every[1]
    assert "decides" in every[whole - 1], "it stands in its place, too"
    done = build(book('drillbook_pdf = {"spread": ["fourth"]}\n'), "typst", warns=True)
    assert re.search(r"conf\.py:\d+: WARNING: there is no page 'fourth' for the PDF", done.warnings)


def test_contacts_come_from_a_file_that_the_user_keeps(book: Callable[..., Path], build: BuildIt) -> None:
    folder = book()
    (folder / "contacts.csv").write_text('Role,Name,How,Else\nplatform,"Ada, on call",+00 1,Bob\nshort\n')
    text = " ".join(texts(build(folder, "typst")))
    assert "platform Ada, on call +00 1 Bob" in text
    folder = book()
    (folder / "contacts.csv").write_bytes(b"\xff\xfe\xff")
    done = build(folder, "typst", warns=True)
    assert "contacts.csv" in done.warnings and "the contacts cannot be read" in done.warnings
    assert "Contacts" in " ".join(texts(done))


@pytest.mark.parametrize(("standard", "mark"), [("a-2a", "pdfaid:part"), ("ua-1", "pdfuaid:part"), ("", "xmpmeta")])
def test_the_standard_is_the_users(standard: str, mark: str, book: Callable[..., Path], build: BuildIt) -> None:
    reader = PdfReader(pdf(build(book(f'drillbook_pdf = {{"standard": "{standard}"}}\n'), "typst")))
    assert mark in reader.trailer["/Root"]["/Metadata"].get_data().decode()


@pytest.mark.parametrize(
    ("conf", "width", "height"),
    [
        ("", 595, 842),
        ('drillbook_pdf = {"paper": "letter"}\n', 612, 792),
        ('drillbook_pdf = {"large": True}\n', 595, 842),
    ],
)
def test_the_paper_is_the_users(conf: str, width: int, height: int, book: Callable[..., Path], build: BuildIt) -> None:
    box = PdfReader(pdf(build(book(conf), "typst"))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (width, height)


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ('{"papper": "a4"}', "drillbook_pdf must have keys of paper, large,"),
        ('{"paper": "a0"}', "drillbook_pdf must have one of 'a4', 'letter' as 'paper', not 'a0'"),
        ('{"first": "third"}', "drillbook_pdf must have a list of pages as 'first', not 'third'"),
        ('{"spread": "third"}', "drillbook_pdf must have a list of pages as 'spread', not 'third'"),
        ('{"title": 3}', "drillbook_pdf must have a text as 'title', not 3"),
    ],
)
def test_an_option_that_cannot_be_is_one_warning(
    conf: str, message: str, book: Callable[..., Path], build: BuildIt
) -> None:
    done = build(book(f"drillbook_pdf = {conf}\n"), "typst", warns=True)
    assert message in done.warnings and len(done.warnings.splitlines()) == 1
    assert pdf(done)


def test_what_the_engine_refuses_is_a_warning_and_no_file(book: Callable[..., Path], build: BuildIt) -> None:
    page = "# The third page\n\n{ref}`there`\n\n```{raw} typst\n#no-such-function()\n```\n"
    done = build(book(third=page), "typst", warns=True)
    assert "the PDF cannot be made: unknown variable: no-such-function" in done.warnings
    assert not list(done.output.glob("*.pdf")) and not list(done.output.glob(".*.new"))


def test_the_address_of_the_live_manual_is_a_code_to_scan(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book('html_baseurl = "https://manual.example/"\n'), "typst")
    assert "https://manual.example/" in texts(done)[0]
    assert (done.output / "markup" / "drawn" / "live.svg").stat().st_size > 500


def test_alerts_lead_to_their_pages(book: Callable[..., Path], build: BuildIt) -> None:
    folder = book(index=MAIN.replace("third\n", "third\nalerts/slow\n"))
    (folder / "alerts").mkdir()
    (folder / "alerts" / "slow.md").write_text("# SlowReports\n\nThey come late.\n")
    rules = (folder / "rules.yml").read_text()
    (folder / "rules.yml").write_text(
        rules.replace("runbook_url: slow.html", "runbook_url: https://x.example/alerts/slow.html")
    )
    done = build(folder, "typst")
    page = sheet(done, "They come late.")
    assert f"SlowReports SEV2 Reports are slow {page}" in texts(done)[1]


def test_the_index_has_what_authors_marked_and_the_objects(book: Callable[..., Path], build: BuildIt) -> None:
    page = "# The third page\n\n```{index} single: weather; bad\n```\n\nStorm at {ref}`there`.\n"
    done = build(book(third=page), "typst")
    last = texts(done)[-1]
    assert f"weather bad {sheet(done, 'Storm at')}" in last


def test_the_markup_is_kept_for_whoever_wants_to_see_it(book: Callable[..., Path], build: BuildIt) -> None:
    done = build(book(), "typst")
    data = json.loads((done.output / "markup" / "manual.json").read_text())
    assert data["project"] == "Stations"
    assert (done.output / "markup" / "main.typ").is_file()
