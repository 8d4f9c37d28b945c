"""How large letters are on paper: at the head, the foot and the edge of a sheet, too, and in wide tables."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.toolkit.building import Build
from tests.toolkit.handbook import handbook
from tests.toolkit.sheets import printed

BuildIt = Callable[..., Build]
CONTENTS = "# Stations\n\n```{toctree}\n:caption: Work\n\nwide\n```\n"
WIDE = """\
# Wide

Type `./stations list`, and see {ref}`there`.

| Station | First | Second | Third | Fourth | Fifth |
| --- | --- | --- | --- | --- | --- |
| north | `./stations restart north` | long enough for two lines of its cell | `reports.latest_of_all_stations` | and | more |

```console
$ ./stations status
all  up
```

(there)=
## There

[Outside](https://outside.example)
"""


@pytest.mark.parametrize(
    ("conf", "least", "least_code"), [("", 7.5, 9.0), ('drillbook_pdf = {"large": True}\n', 11.0, 11.0)]
)
def test_no_letter_is_smaller_than_it_may_be(
    conf: str, least: float, least_code: float, tmp_path: Path, build: BuildIt
) -> None:
    folder = handbook(tmp_path / "book", CONTENTS, wide=WIDE)
    with (folder / "conf.py").open("a") as opened:
        opened.write(conf)
    [file] = build(folder, "typst").output.glob("*.pdf")
    found = [
        (text, font, size)
        for page in PdfReader(file).pages
        for text, font, size in printed(page)
        if not text.isdigit()  # the mark of a footnote is raised
    ]
    assert {"Work", "Wide"} <= {text for text, _, _ in found}
    assert not [each for each in found if each[2] < least - 0.01]
    code = [each for each in found if each[1].startswith("DrillbookMono")]
    assert any("restart" in text for text, _, _ in code) and not [each for each in code if each[2] < least_code - 0.01]


def test_a_long_name_in_a_narrow_column_of_large_print_runs_into_no_other(tmp_path: Path, build: BuildIt) -> None:
    names = [f"column_of_a_table_{number}" for number in range(4)]
    row = " | ".join(f"`{name}`" for name in names)
    page = f"# Wide\n\n| {' | '.join('ABCD')} |\n|{' --- |' * 4}\n| {row} |\n"
    folder = handbook(tmp_path / "book", CONTENTS, wide=page)
    with (folder / "conf.py").open("a") as opened:
        opened.write('drillbook_pdf = {"large": True}\n')
    done = build(folder, "typst")
    [markup] = [
        text for file in (done.output / "markup" / "pages").iterdir() if "#grid-table(" in (text := file.read_text())
    ]
    assert all(name in markup.replace("\u200b", "") for name in names)
    assert "_\u200b" in markup, "it may be broken"
