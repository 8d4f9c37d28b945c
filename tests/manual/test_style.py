"""The pages keep to `source/writing/style.md`: the words that it bans stand on none of them."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "source"
STYLE = SOURCE / "writing" / "style.md"
CODE = re.compile(r"^( *)(`{3,}|~{3,})[^\n]*\n.*?^\1\2`*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
REVIEW = "review-checklist.md"


def banned() -> list[str]:
    """The words of the first column of the table."""
    table = STYLE.read_text().partition("## Words that we do not use")[2].partition("\n## ")[0]
    return [word for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for word in re.findall("`(.+?)`", row)]


def test_no_page_has_a_word_that_the_style_bans() -> None:
    words = banned()
    assert {"simply", "just", "easily"} <= set(words)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    pages = [page for page in SOURCE.rglob("*.md") if page != STYLE]
    assert len(pages) > 50
    found = {
        page.relative_to(SOURCE).as_posix(): match[0]
        for page in pages
        for match in pattern.finditer(CODE.sub("", page.read_text()))
    }
    assert not found


def test_the_checklist_of_the_review_is_that_of_the_template() -> None:
    template = (SOURCE.parent / "ext" / "drillbook" / "templates" / REVIEW).read_text()
    wanted = re.findall(r"^- (.+)$", template.partition(":::{ops:checklist} Validation")[0], re.MULTILINE)
    page = (SOURCE / "writing" / "review.md").read_text()
    assert len(wanted) == 10 and all(f"- {line}\n" in page for line in wanted)
