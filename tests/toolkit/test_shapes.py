"""The HTML of procedures, trees, blanks and checklists, without a browser; tests/browser has those with one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build

Builds = Callable[..., Build]
OURS = ("ops-fill", "ops-input", "<input", "<svg", "ops-bar", "tree.js", "blanks.js", "checklist.js")


def loaded(html: str) -> set[str]:
    """Our files that a page loads."""
    return set(re.findall(r"_static/((?:tree|blanks|checklist|steps)\.(?:css|js))", html))


def test_a_page_loads_what_it_needs_and_no_more(build: Builds) -> None:
    built = build("trees")
    assert loaded(built.text("index.html")) == set()
    assert loaded(built.text("pressure.html")) == {"steps.css", "tree.css", "blanks.css", "tree.js", "blanks.js"}
    assert loaded(built.text("pumps.html")) == {
        "steps.css",
        "blanks.css",
        "checklist.css",
        "blanks.js",
        "checklist.js",
    }
    for script in ("tree.js", "blanks.js", "checklist.js"):
        assert (built.output / "_static" / script).read_text().startswith("// @ts-check")
    assert not re.search(r"<script>[^<]*ops-|\son\w+=\"[^\"]*ops", built.text("pressure.html"))


def test_links_lead_to_whole_steps_and_whole_trees(build: Builds) -> None:
    html = build("trees").text("pressure.html")
    assert '<div class="ops ops-tree docutils container" id="tree-LowPressure">' in html
    assert '<li class="ops-node ops-fix" id="tree-LowPressure-start-pump">' in html
    assert html.count('id="tree-LowPressure-start-pump"') == 1
    assert 'href="#tree-LowPressure-start-pump"' in html


def test_a_blank_in_a_highlighted_command_is_one_element(build: Builds) -> None:
    built = build("trees")
    html = built.text("pumps.html")
    assert '<span class="ops-fill" data-blank="pump">{{ pump }}</span>' in html
    assert '<span class="ops-fill" data-blank="level">{{ level }}</span>' in html  # written {{level}}
    assert 'pump-<span class="ops-fill" data-blank="pump">' in html
    assert not re.search(r"opsblank\d", html)
    assert "opsblank0n0x" in built.text("hostile.html")  # there the author typed it


def test_a_blank_gets_an_input_of_its_type(build: Builds) -> None:
    built = build("trees")
    html = built.text("pumps.html")
    assert '<label for="ops-blank-1">' in html
    inputs = re.findall(r"<input id=[^>]*>", html)
    assert 'type="number"' in inputs[0]
    assert 'step="1" min="1" max="12" placeholder="2"' in inputs[0]
    assert 'aria-describedby="ops-blank-1-says ops-blank-1-problem"' in inputs[0]
    assert r'data-pattern="[a-z]+-\d"' in inputs[1]
    assert 'step="any" min="0.5"' in inputs[2]
    assert "max=" not in inputs[2]
    assert '<option value="south">south</option>' in built.text("pressure.html")


def test_each_box_of_a_checklist_has_its_label(build: Builds) -> None:
    html = build("trees").text("pumps.html")
    assert html.count('<label class="ops-tick"><input type="checkbox"') == 5
    assert "<span>the small one</span></label>" in html
    assert "☐" not in html


def test_what_confirms_and_what_undoes_a_step_stand_apart(build: Builds) -> None:
    html = build("trees").text("pumps.html")
    confirm = html.index('<div class="ops-part ops-confirm docutils container">')
    undo = html.index('<div class="ops-part ops-undo docutils container">')
    assert confirm < html.index("it runs.") < undo < html.index("stop it again.")


def test_hostile_words_are_escaped_everywhere(build: Builds) -> None:
    html = build("trees").text("hostile.html")
    article = html[html.index('<article role="main"') : html.index("</article>")]
    assert "<script" not in article
    assert not re.search(r"<[^>]*\son(load|error)=", article)
    assert 'data-title="&lt;script&gt;alert(&quot;title&quot;)&lt;/script&gt;"' in article
    assert 'data-pattern="[&lt;&gt;&amp;&quot;]*[a-z-]+"' in article


@pytest.mark.parametrize("builder", ["text", "latex", "man"])
def test_other_builders_get_nothing_of_it_and_lose_nothing(build: Builds, builder: str) -> None:
    built = build("trees", builder, confoverrides={"man_pages": [("index", "water", "Water", "", 1)]})
    everything = "".join(
        path.read_text(encoding="utf-8") for path in built.output.iterdir() if path.suffix in {".txt", ".tex", ".1"}
    )
    for word in OURS:
        assert word not in everything
    for word in ("Fill in: ___", "Is the main valve open?", "Before you leave", "go to step"):
        assert word in everything.replace("\\_", "_").replace("\\-", "-")


def test_an_electronic_book_has_no_inputs_and_no_scripts(build: Builds) -> None:
    built = build("trees", "epub", confoverrides={"version": "1", "epub_copyright": "none"})
    pages = "".join(path.read_text(encoding="utf-8") for path in built.output.glob("*.xhtml"))
    for word in OURS:
        assert word not in pages
    assert "Fill in: ___" in pages


def test_a_fault_of_ours_costs_a_part_its_shape_and_not_the_page(
    build: Builds, project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> str:
        raise RuntimeError("injected")

    monkeypatch.setattr("drillbook.output.shapes.draw", fail)
    built = build(project("trees"), warns=True)
    assert "pressure.md" in built.warnings
    assert "the HTML of a tree failed: RuntimeError: injected [drillbook.internal]" in built.warnings
    assert "Is the main valve open?" in built.text("pressure.html")
    assert "ops-overview" not in built.text("pressure.html")
