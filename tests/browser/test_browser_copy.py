"""Copy buttons: what lands on the clipboard is what `make doctest` would type, with the blanks that a reader has filled in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import EXT, ROOT
from tests.browser.test_browser_stamps import built

from drillbook.model.console import commands

RULES = EXT / "drillbook" / "output" / "copied.js"
SESSIONS = {
    "one": "$ ls\n",
    "with output": "$ ls\na\n\nb\n$ pwd\n/\n",
    "continued": "$ ls \\\n  -l \\\n  -a\nout\n$ pwd\n",
    "continued to the end": "$ ls \\\n",
    "here-document": "$ cat > note <<END\none $ line\n\n$ no prompt\nEND\nout\n$ ls\n",
    "quoted delimiter": "$ cat <<-'A_B' > x\n\ttext\n\tA_B\nout\n",
    "continued here-document": "$ cat \\\n  <<END\ntext\nEND\nout\n",
    "here-document without an end": "$ cat <<END\ntext\n\n",
    "here-string": "$ wc --words <<< \"$tests\"\n3\n$ cat <<< 'END'\nEND\n",
    "shift": "$ echo $((1 << 2))\n4\n",
    "words before": "root@host:\n$ ls\n",
    "prompts alone": "$\n$ ls\n$\n",
    "dollars in output": "$ cat price\ncosts $ 5\n  $ 6\n$7\n",
    "letters": "$ echo ü 水 🔥 '<b>' && true\nü\n",
}


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, with a page of sessions."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("copies") / "trees"))
    blocks = [f"```console\n{session}```\n" for session in SESSIONS.values()]
    blocks += [
        "```python\n$ no = 1\nx\n```\n",
        "```text\na\n\nb\n```\n",
        "```pycon\n>>> if x:\n...     y\n...\n1\n>>> z\n```\n",
    ]
    (source / "sessions.md").write_text("---\norphan: true\n---\n# Sessions\n\n" + "\n".join(blocks), encoding="utf-8")
    built(source, "html", lambda _: None)
    return source / "_build" / "html"


def copied(page: Page, block: int) -> str:
    """What the button of a block puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('')")
    page.locator("button.copybtn").nth(block).click(force=True)
    page.wait_for_function("navigator.clipboard.readText().then((text) => text !== '')")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_commands_are_those_that_a_run_types(page: Page) -> None:
    page.goto("about:blank")
    copy = f"(session) => {{ {RULES.read_text()} return formatCopyText(session); }}"
    for name, session in SESSIONS.items():
        typed = "\n".join(command.text for command in commands(session))
        assert page.evaluate(copy, session) == typed, name


def test_a_button_copies_commands_alone(page: Page, manual: Path) -> None:
    page.goto((manual / "sessions.html").as_uri())
    expect(page.locator("button.copybtn")).to_have_count(len(SESSIONS) + 3)
    names = list(SESSIONS)
    for name in ("with output", "here-document", "continued"):
        typed = "\n".join(command.text for command in commands(SESSIONS[name]))
        assert copied(page, names.index(name)) == typed, name
    assert copied(page, len(SESSIONS)) == "no = 1", "what looks like a prompt is one"
    assert copied(page, len(SESSIONS) + 1) == "a\n\nb"
    assert copied(page, len(SESSIONS) + 2) == "if x:\n    y\n\nz"


def test_blanks_are_copied_as_they_are_filled_in(page: Page, manual: Path) -> None:
    page.goto((manual / "pumps.html").as_uri())
    page.get_by_label("pump", exact=True).fill("7")
    text = page.locator("pre").first.text_content() or ""
    assert copied(page, 0) == "\n".join(command.text for command in commands(text))
    assert "./pump start 7 --station={{ station }}" in copied(page, 0)


def test_nobody_needs_a_mouse(context: Callable[..., BrowserContext], manual: Path) -> None:
    reader = context()
    reader.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.new_page()
    page.goto((manual / "sessions.html").as_uri())
    button = page.locator("button.copybtn").first
    expect(button).to_be_attached()
    button.focus()
    expect(button).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === 'ls')")
