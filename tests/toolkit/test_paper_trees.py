"""Trees on paper: steps from the top of a sheet, and a drawing whose letters can be read in black and white."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, PROCEDURE, handbook, tree
from tests.toolkit.sheets import printed

BuildIt = Callable[..., Build]
CONTENTS = "# Stations\n\n```{toctree}\n:caption: Work\n\nslow\nrestart\n```\n"
FACTS = "# Slow\n\nReports come late.\n\n"


def ask(number: int, last: bool) -> str:
    """A check with three answers: each leads on, or to an end of its own."""
    way = f"one-{number}" if last else f"ask-{number + 1}"
    return f"""\
:::{{ops:check}} ask-{number}
Question {number} about a rather long name of a station?

```console
$ ./stations status {number}
all  up
```

- The station answers as usual: `exit 0` -> {way}
- The station answers slowly: `exit 1` -> two-{number}
- Nothing answers at all: `otherwise` -> three-{number}
:::
"""


def end(name: str) -> str:
    """Where a tree ends."""
    return f":::{{ops:escalate}} {name}\n:to: the platform team\n:bring: the output\n\nThe end {name} has been found.\n:::\n"


def wide(count: int) -> str:
    """A tree whose whole drawing is far wider than a sheet."""
    checks = [ask(number, number == count) for number in range(1, count + 1)]
    ends = [f"one-{count}", *(f"{way}-{number}" for number in range(1, count + 1) for way in ("two", "three"))]
    return tree(*checks, *map(end, ends))


def paper(folder: Path, slow: str, conf: str = "") -> Path:
    """A manual with these pages."""
    made = handbook(folder, CONTENTS, slow=FACTS + slow, restart=f"# Restart\n\n{PROCEDURE}")
    with (made / "conf.py").open("a") as opened:
        opened.write(conf)
    return made


def smallest(file: Path, page: int) -> float:
    """The smallest size of a letter on a sheet, in points."""
    return min(size for _text, _font, size in printed(PdfReader(file).pages[page]))


def sheets(done: Build) -> list[str]:
    """The text of each sheet, without spaces: letters of drawings stand one by one."""
    [file] = done.output.glob("*.pdf")
    return ["".join(page.extract_text().split()) for page in PdfReader(file).pages]


def with_drawings(done: Build) -> list[int]:
    """The indexes of sheets with a drawing."""
    return [number for number, text in enumerate(sheets(done)) if "OverviewofSlowReports" in text]


@pytest.mark.parametrize(("conf", "least"), [("", 6.99), ('drillbook_pdf = {"large": True}\n', 9.5)])
def test_a_wide_drawing_is_split_until_its_letters_can_be_read(
    conf: str, least: float, tmp_path: Path, build: BuildIt
) -> None:
    done = build(paper(tmp_path / "book", wide(9), conf), "typst")
    [file] = done.output.glob("*.pdf")
    drawings = with_drawings(done)
    assert drawings and min(smallest(file, number) for number in drawings) >= least
    drawn = "".join(sheets(done)[number] for number in drawings)
    assert "(2/" in drawn, "it is split"
    for number in range(1, 10):
        assert f"{number}CheckQuestion{number}about" in drawn, "each step is drawn once as itself"
    assert "OtherpartQuestion" in drawn, "what leads on says so"


def test_a_narrow_drawing_is_whole(tmp_path: Path, build: BuildIt) -> None:
    done = build(paper(tmp_path / "book", tree(CHECK, FIX, CALL)), "typst")
    [number] = with_drawings(done)
    assert "(1/" not in sheets(done)[number] and "Otherpart" not in sheets(done)[number]


def test_steps_begin_at_the_top_of_a_sheet_and_the_drawing_stands_with_the_facts(
    tmp_path: Path, build: BuildIt
) -> None:
    done = build(paper(tmp_path / "book", tree(CHECK, FIX, CALL)), "typst")
    every = sheets(done)
    [facts] = [number for number, text in enumerate(every) if "Reportscomelate." in text]
    assert with_drawings(done) == [facts]
    assert "Doallstationsanswer?" in every[facts] and "$./stationsstatus" not in every[facts]
    assert "$./stationsstatus" in every[facts + 1]


def test_a_tree_inside_of_something_stands_where_it_is(tmp_path: Path, build: BuildIt) -> None:
    inside = f":::::{{note}}\n{tree(CHECK, FIX, CALL)}:::::\n"
    done = build(paper(tmp_path / "book", inside), "typst", warns=True)
    assert "the PDF cannot be made" not in done.warnings
    assert any("$./stationsstatus" in text for text in sheets(done))


def test_a_label_hides_the_arrow_behind_it_without_a_style_sheet(tmp_path: Path, build: BuildIt) -> None:
    done = build(paper(tmp_path / "book", tree(CHECK, FIX, CALL)), "typst")
    [svg] = (done.output / "markup" / "drawn").glob("*.svg")
    grounds = ElementTree.fromstring(svg.read_text()).findall(".//{*}rect[@class='ops-label-ground']")
    assert grounds and {ground.get("fill") for ground in grounds} == {"white"}


def test_the_words_of_a_drawing_do_not_say_where_the_steps_are(tmp_path: Path, build: BuildIt) -> None:
    done = build(paper(tmp_path / "book", tree(CHECK, FIX, CALL)), "typst")
    [page] = [
        text for file in (done.output / "markup" / "pages").iterdir() if "#picture(" in (text := file.read_text())
    ]
    [said] = re.findall(r'#picture\("drawn/[^"]+", "([^"]*)"', page)
    assert said == "Overview of SlowReports"
