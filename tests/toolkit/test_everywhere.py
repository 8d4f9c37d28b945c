"""What a procedure and a tree say is there in every format, and in both languages that pages are written in."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from sphinx.util.inventory import InventoryFile
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, GOOD, PROCEDURE, handbook, tree

PAGES = """
:::{ops:severity}
:major: SEV1

SEV1: Complete outage
: Nobody gets a report.

SEV2: Slow
: Reports are late.
:::

:::{ops:checklist} Before you leave
- Tell the next one.
- Close the door after {ops:fact}`SlowReports.for`.
:::

```{ops:example} console
:compare: like
:within: 30 s

$ ./stations age
3 d
```

```{ops:example} text
:unproven: only a storm shows {ops:severity}`SEV1`

The mast lies on the ground.
```
"""
REST = """\
Stations
========

.. ops:tree:: SlowReports
   :owner: the weather team

   .. ops:check:: ask

      Do all stations answer?

      .. code-block:: console

         $ ./stations status
         all  up

      - All answer: ``exit 0`` -> call
      - Some are down: ``exit != 0`` -> restart

   .. ops:fix:: restart
      :procedure: restart-station
      :with: station=north
      :within: 5 min

      A station is down.

   .. ops:escalate:: call
      :to: the platform team
      :bring: the output of the check

      All answer, and reports are slow.

Restart
=======

.. ops:procedure:: restart-station
   :purpose: Bring a station back.
   :when: A station does not answer.
   :who: the on-call engineer
   :takes: 2 min
   :risk: Its reports are missing meanwhile.
   :needs: a shell
   :undone-by: nothing, a running station is what one wants

   .. ops:blank:: station
      :pattern: [a-z]+
      :default: north

      The station.

   .. ops:step:: Restart it

      .. code-block:: console

         $ ./stations restart {{ station }}
         restarted

      Confirm: it is up.

      .. code-block:: console

         $ ./stations status
         all  up

      Undo: nothing to undo.

.. ops:severity::
   :major: SEV1

   SEV1: Complete outage
      Nobody gets a report.

   SEV2: Slow
      Reports are late.

.. ops:checklist:: Before you leave

   - Tell the next one.
   - Close the door after :ops:fact:`SlowReports.for`.

.. ops:example:: console
   :compare: like
   :within: 30 s

   $ ./stations age
   3 d

.. ops:example:: text
   :unproven: only a storm shows :ops:severity:`SEV1`

   The mast lies on the ground.
"""
SAID = (
    "Do all stations answer?",
    "./stations status",
    "all up",
    "All answer (the exit status is 0): go to step 3",
    "Some are down (the exit status is not 0): go to step 2",
    "Fix: A station is down.",
    "Restart station",
    "station=north",
    "5 min",
    "Escalate: All answer, and reports are slow.",
    "the platform team",
    "the output of the check",
    "the weather team",
    "Bring a station back.",
    "A station does not answer.",
    "the on-call engineer",
    "2 min",
    "Its reports are missing meanwhile.",
    "a shell",
    "nothing, a running station is what one wants",
    "The station.",
    "Text that matches [a-z]+. For example north.",
    "Restart it",
    "./stations restart {{ station }}",
    "restarted",
    "Confirm: it is up.",
    "Undo: nothing to undo.",
    "SEV1",
    "Nobody gets a report.",
    "Above this line: a major incident.",
    "Silent",
    "Before you leave",
    "☐ Tell the next one.",
    "Close the door after 2 min.",
    "./stations age",
    "Durations, times, addresses and ids may be others. If it is not so yet, repeat it for up to 30 s.",
    "The mast lies on the ground.",
    "Not proven: only a storm shows SEV1",
)
OUTPUTS = {
    "html": "index.html",
    "text": "index.txt",
    "man": "stations.1",
    "epub": "index.xhtml",
    "latex": "stations.tex",
    "texinfo": "stations.texi",
    "typst": "stations.pdf",
}


def paper(file: Path) -> str:
    """The text of a PDF, without the numbers of its pages in links and footers; a blank has a frame, no brackets."""
    text = " ".join(page.extract_text() for page in PdfReader(file).pages)
    return re.sub(r"\(p\.\s\d+\)", "", text)


def said(builder: str, output: str) -> str:
    """The text of an output, without its markup: letters, digits and what is between them."""
    if builder in ("html", "epub"):
        output = output.replace('<input type="checkbox"', "☐<input")  # a real box, in a browser
        output = re.sub(r"<[^>]+>", "", output)
        output = output.replace("&#64;", "@").replace("&amp;", "&").replace("&quot;", '"')
    if builder == "latex":
        output = re.sub(r"\\hyperref\[\\detokenize\{[^}]*\}\]|\\DUrole\{[^}]*\}|\\PYG\{[^}]*\}", "", output)
        output = re.sub(r"\\(?:sphinx\w+|textbf|PYGZ\w+)", "", output)
    if builder == "texinfo":
        output = re.sub(r"@(?:ref\{\w+,,)", "", output)
        output = re.sub(r"@(?:ref|strong|code|w|emph|samp)\b|@anchor\{[^}]*\}", "", output)
    if builder == "man":
        output = re.sub(r"\\f[BIRP]|\\fP", "", output).replace("\\-", "-").replace("\\(aq", "'")
    return re.sub(r"[^\w☐]+", " ", output)


@pytest.mark.parametrize("builder", OUTPUTS)
@pytest.mark.parametrize("language", ["markdown", "restructuredtext"])
def test_nothing_disappears(language: str, builder: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    folder = tmp_path / "book"
    if language == "markdown":
        handbook(folder, GOOD + PAGES)
    else:
        handbook(folder, REST, "index.rst")
        (folder / "index.md").unlink()
    with (folder / "conf.py").open("a") as conf:
        conf.write("\nhtml_theme = 'basic'\nman_pages = [('index', 'stations', 'Stations', 'us', '1')]\n")
        conf.write("latex_documents = [('index', 'stations.tex', 'Stations', 'us', 'manual')]\n")
        conf.write("texinfo_documents = [('index', 'stations', 'Stations', 'us', 'stations', '', '')]\n")
        conf.write("epub_show_urls = 'no'\ncopyright = 'us'\nversion = '1'\n")
    built = build(folder, builder)
    output = built.output / OUTPUTS[builder]
    text = said(builder, paper(output) if builder == "typst" else output.read_text(encoding="utf-8"))
    missing = [words for words in SAID if said("", words).strip() not in text]
    assert not missing, f"{missing}\n{text}"


CHOICE = "# Mast\n\n:::{ops:blank} mast\n:type: choice\n:choices: alone, old\n\nThe mast.\n:::\n"


def test_choices_stand_as_they_are_typed(tmp_path: Path, build: Callable[..., Build]) -> None:
    book = handbook(tmp_path / "book", GOOD, mast=CHOICE)
    assert "alone or old." in " ".join(re.sub("<[^>]*>", "", build(book).text("mast.html")).split())
    assert '"alone" or "old".' in build(book, "text").text("mast.txt")


def test_links_go_from_answers_and_fixes_to_what_they_name(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(handbook(tmp_path / "book")).text("index.html")
    ids = set(re.findall(r'id="([^"]+)"', page))
    ways = re.findall(r'href="#(tree-[^"]+)"', page)
    assert len(ways) >= 2 and set(ways) <= ids
    assert 'href="#procedure-restart-station"' in page and "procedure-restart-station" in ids


def test_others_can_link_to_procedures_trees_and_severities(tmp_path: Path, build: Callable[..., Build]) -> None:
    built = build(handbook(tmp_path / "book", GOOD + PAGES))
    objects = InventoryFile.loads((built.output / "objects.inv").read_bytes(), uri="https://manual.example").data
    assert objects["ops:procedure"]["restart-station"].uri.endswith("index.html#procedure-restart-station")
    assert "SlowReports" in objects["ops:tree"]
    assert set(objects["ops:severity"]) == {"SEV1", "SEV2"}


def test_indices_list_procedures_and_trees(tmp_path: Path, build: Callable[..., Build]) -> None:
    built = build(handbook(tmp_path / "book"))
    assert "index.html#procedure-restart-station" in built.text("ops-procedures.html")
    assert "index.html#tree-slowreports" in built.text("ops-trees.html").lower()


def test_a_tree_may_lead_to_another_on_another_page(tmp_path: Path, build: Callable[..., Build]) -> None:
    first = "# Slow\n\n" + tree(CHECK.replace("-> call", "-> tree Silent"), FIX) + "\n```{toctree}\nother\n```\n"
    other = "# Silent\n\n" + tree(CHECK, FIX, CALL, name="Silent") + "\n" + PROCEDURE
    built = build(handbook(tmp_path / "book", first, other=other))
    assert re.search(r'href="other.html#tree-Silent"[^>]*><span[^>]*>go to the tree Silent', built.text("index.html"))


def test_a_rename_elsewhere_is_refused_until_the_page_follows(
    tmp_path: Path, build_apart: Callable[..., Build]
) -> None:
    first = "# Slow\n\n" + tree(CHECK, FIX, CALL) + "\n```{toctree}\nother\n```\n"
    folder = handbook(tmp_path / "book", first, other="# Restart\n\n" + PROCEDURE)
    build_apart(folder)
    (folder / "other.md").write_text("# Restart\n\n" + PROCEDURE.replace("restart-station", "reboot"))
    for _ in range(2):
        built = build_apart(folder, warns=True)
        assert built.status != 0
        assert "unknown procedure: restart-station is described on no page" in built.warnings
    (folder / "index.md").write_text(first.replace("restart-station", "reboot"))
    assert "other.html#procedure-reboot" in build_apart(folder).text("index.html")


def test_an_alert_that_is_renamed_is_refused_in_its_tree(tmp_path: Path, build_apart: Callable[..., Build]) -> None:
    folder = handbook(tmp_path / "book")
    build_apart(folder)
    rules = folder / "rules.yml"
    rules.write_text(rules.read_text().replace("SlowReports", "LateReports"))
    assert "no alert is called as it is" in build_apart(folder, warns=True).warnings
    rules.write_text(rules.read_text().replace("LateReports", "SlowReports"))
    build_apart(folder)


def test_a_blank_that_another_page_fills_is_checked_when_it_changes(
    tmp_path: Path, build_apart: Callable[..., Build]
) -> None:
    first = "# Slow\n\n" + tree(CHECK, FIX, CALL) + "\n```{toctree}\nother\n```\n"
    folder = handbook(tmp_path / "book", first, other="# Restart\n\n" + PROCEDURE)
    build_apart(folder)
    changed = PROCEDURE.replace("[a-z]+", "[A-Z]+").replace("north", "NORTH")
    (folder / "other.md").write_text("# Restart\n\n" + changed)
    for _ in range(2):
        warnings = build_apart(folder, warns=True).warnings
        assert "index.md:18" in warnings and "'north' must match [A-Z]+" in warnings


def test_two_processes_write_the_same(tmp_path: Path, build_apart: Callable[..., Build]) -> None:
    pages = {
        f"page{number}": f"# Page {number}\n\n" + PROCEDURE.replace("restart-station", f"restart-{number}")
        for number in range(12)
    }
    toctree = "\n```{toctree}\n" + "\n".join(pages) + "\n```\n"
    first = "# Slow\n\n" + tree(CHECK, FIX.replace("restart-station", "restart-7"), CALL) + toctree
    one = build_apart(handbook(tmp_path / "one", first, **pages))
    two = build_apart(handbook(tmp_path / "two", first, **pages), "-j", "2")
    files = sorted(path.name for path in one.output.glob("*.html"))
    assert {"page7.html", "ops-procedures.html"} <= set(files)
    for name in files:
        assert one.text(name) == two.text(name), name
