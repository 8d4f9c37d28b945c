"""Diagrams: drawn once, safe in a page, told in words elsewhere, and a bad one is a located warning and no picture."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.toolkit.building import Build

from drillbook.output import plantuml
from drillbook.output.plantuml import EngineError, Failure, draw
from drillbook.process import Completed

Builder = Callable[..., Build]
Project = Callable[[str], Path]
ROOT = Path(__file__).parents[1] / "roots" / "diagrams"
EXT = Path(__file__).parents[2] / "ext"
SVG = "{http://www.w3.org/2000/svg}"


def pictures(build: Build, page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg xmlns.*?</svg>", build.text(page), re.DOTALL)]


def hrefs(svg: ElementTree.Element) -> list[str]:
    return [link.attrib["href"] for link in svg.iter(f"{SVG}a")]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many diagrams each process was given that the engine started."""
    counted: list[int] = []
    real = plantuml.run

    def run(argv: list[str], *, stdin: bytes, **options: object) -> Completed:
        counted.append(len(re.findall(rb"^@start", stdin, re.MULTILINE)))
        return real(argv, stdin=stdin, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(plantuml, "run", run)
    yield counted


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures of the root, for tests of other things than drawing."""
    folder = tmp_path_factory.mktemp("drawn")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", folder, ROOT, folder / "html"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"})
    return folder / "diagrams"


@pytest.fixture
def project(project: Project, drawn: Path) -> Project:
    """A copy of a root, with the pictures that it had."""

    def copy(root: str) -> Path:
        source = project(root)
        shutil.copytree(drawn, source / "_build" / "doctrees" / "diagrams")
        return source

    return copy


def page(source: Path, text: str, name: str = "pages/store.md") -> None:
    (source / name).write_text(f"# A page\n\n```{{uml}}\n:alt: A picture.\n\n{text}\n```\n", encoding="utf-8")


# What a page gets


def test_a_diagram_stands_in_the_page_and_its_links_lead_to_pages(build: Builder) -> None:
    done = build("diagrams")
    first, second = pictures(done, "pages/markdown.html")
    assert hrefs(first) == ["live.html#component-door", "store.html", "https://example.org/spec", "#far-below"]
    assert (first.get("role"), first.get("aria-label")) == ("group", "The door puts requests into the store.")
    assert (second.get("role"), second.get("aria-label")) == ("img", "A asks B.")
    assert second.get("viewBox", "").split()[2:] == [second.get("width"), second.get("height")]
    assert "Größe" in "".join(second.itertext())
    assert '<figure class="align-default" id="door-to-store">' in done.text("pages/markdown.html")
    assert "diagrams.css" in done.text("pages/markdown.html")
    assert len(pictures(done, "pages/rest.html")) == 2


def test_links_are_right_for_another_builder_too(build: Builder) -> None:
    done = build("diagrams", "dirhtml")
    assert hrefs(pictures(done, "pages/markdown/index.html")[0])[:2] == ["../live/#component-door", "../store/"]


def test_nothing_in_a_page_needs_more_than_a_strict_policy_allows(build: Builder) -> None:
    done = build("diagrams")
    text = done.text("pages/markdown.html")
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for svg in pictures(done, "pages/markdown.html"):
        assert not {key for node in svg.iter() for key in node.attrib if key == "style" or key.startswith(("on", "{"))}
    assert 'id="diagram-2-' in text
    assert re.search(r"url\(#diagram-2-\w+\)", text)


@pytest.mark.parametrize(
    ("builder", "file"),
    [("text", "pages/markdown.txt"), ("man", "diagrams.1"), ("latex", "diagrams.tex"), ("texinfo", "diagrams.texi"),
     ("epub", "pages/markdown.xhtml")],
)  # fmt: skip
def test_where_there_are_no_pictures_nothing_is_lost(
    build: Builder, starts: list[int], builder: str, file: str
) -> None:
    done = build("diagrams", builder, confoverrides={"man_pages": [("index", "diagrams", "Diagrams", [], 1)]})
    said = re.sub(r"<[^>]*>|\\[a-zA-Z]+\b|[{}\\]", "", done.text(file))
    said = " ".join(said.split())
    for words in ("The door puts requests into the store.", "From the", "what is below", "asks"):
        assert words in said
    assert not starts


@pytest.mark.parametrize("builder", ["singlehtml", "gettext", "dummy", "linkcheck"])
def test_other_builders_build(build: Builder, builder: str) -> None:
    build("diagrams", builder, confoverrides={"linkcheck_ignore": [".*"]})


# Drawn once


def test_all_are_drawn_in_one_process_and_only_once(build: Builder, project: Project, starts: list[int]) -> None:
    source = project("diagrams")
    shutil.rmtree(source / "_build")
    first = build(source).text("pages/markdown.html")
    assert starts == [5]
    for path in (source / "pages" / "markdown.md", source / "index.md"):
        path.write_text(path.read_text() + "\nMore.\n")
    again = build(source).text("pages/markdown.html")
    assert starts == [5]
    digest = re.compile(r'content="[0-9a-f]{16}"')  # of what the page says
    assert digest.sub("", again.replace("<p>More.</p>\n", "")) == digest.sub("", first)
    page(source, "C -> D : new")
    assert "new" in "".join(pictures(build(source), "pages/store.html")[0].itertext())
    assert starts == [5, 1]


def test_a_damaged_picture_is_drawn_again(build: Builder, project: Project, starts: list[int]) -> None:
    source = project("diagrams")
    page(source, "C -> D : whole")
    build(source)
    for file in (source / "_build" / "doctrees" / "diagrams").glob("*.svg"):
        file.write_text(file.read_text()[:100])
    path = source / "pages" / "store.md"
    path.write_text(path.read_text() + "\nMore.\n")
    starts.clear()
    assert "whole" in "".join(pictures(build(source), "pages/store.html")[0].itertext())
    assert len(starts) == 1


def test_the_bytes_are_the_same_whoever_builds(build_apart: Builder, project: Project) -> None:
    pages = ["pages/markdown.html", "pages/rest.html", "pages/live.html"]
    source = project("diagrams")
    serial = build_apart(source, "-E", "-d", str(source / "_build" / "one"))
    texts = [serial.text(name) for name in pages]
    parallel = build_apart(source, "-E", "-a", "-j", "2", "-d", str(source / "_build" / "two"))
    assert [parallel.text(name) for name in pages] == texts


def test_a_page_is_written_again_when_its_diagram_can_be_drawn_again(
    build: Builder, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = project("diagrams")
    with monkeypatch.context() as patch:
        patch.setattr(plantuml, "ENGINE_PACKAGE", "no-such-package")
        plantuml.engine.cache_clear()
        lacking = build(source, warns=True)
    plantuml.engine.cache_clear()
    (warning,) = lacking.warnings.splitlines()
    assert warning.startswith("pages/live.md:3: WARNING: diagrams need a package: pip install 'drillbook[diagrams]'")
    assert not pictures(lacking, "pages/markdown.html")
    assert "The door puts requests into the store." in lacking.text("pages/markdown.html")
    assert len(pictures(build(source), "pages/markdown.html")) == 2


def test_pictures_that_cannot_be_kept_are_said_so_once(build: Builder, project: Project) -> None:
    source = project("diagrams")
    folder = source / "_build" / "doctrees" / "diagrams"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    done = build(source, warns=True)
    (warning,) = done.warnings.splitlines()
    assert warning.startswith("pages/live.md:3: WARNING: diagrams cannot be kept in _build/doctrees/diagrams: ")
    assert "The door puts requests into the store." in done.text("pages/markdown.html")


# Made from the live system


def test_the_live_components_are_drawn_and_lead_to_their_pages(build: Builder, project: Project) -> None:
    source = project("diagrams")
    done = build(source)
    (svg,) = pictures(done, "pages/live.html")
    texts = {text.text for text in svg.iter(f"{SVG}text")}
    assert {'Front "door"', "Store", "<b>Line</b> --1--"} <= texts
    assert hrefs(svg) == ["#component-door", "store.html", "#component-line-1"]
    assert svg.get("aria-label") == (
        'Components and what each needs. Front "door" (process) needs Store, <b>Line</b> --1--. '
        "Store (storage) needs none of these. <b>Line</b> --1-- (queue) needs none of these."
    )
    assert "What needs what" in done.text("pages/live.html")


def test_a_changed_component_changes_the_diagram(build_apart: Builder, project: Project) -> None:
    source = project("diagrams")
    build_apart(source)
    components = source / "station" / "components.py"
    components.write_text(components.read_text().replace('"Store", "storage"', '"Vault", "storage"'))
    assert ">Vault</text>" in build_apart(source).text("pages/live.html")


def test_some_components_and_their_options(build: Builder, project: Project) -> None:
    source = project("diagrams")
    (source / "pages" / "store.md").write_text(
        "# Some\n\n```{ops:component-diagram} storage\n:direction: right\n:alt: Only the store.\n:name: some\n```\n"
    )
    done = build(source)
    (svg,) = pictures(done, "pages/store.html")
    assert svg.get("aria-label") == "Only the store."
    assert hrefs(svg) == ["live.html#component-store"]  # its page is this one
    assert 'id="some"' in done.text("pages/store.html")


def test_unknown_components_are_located(build: Builder, project: Project) -> None:
    source = project("diagrams")
    (source / "pages" / "store.md").write_text("# Some\n\n```{ops:component-diagram} pump\n```\n")
    assert build(source, warns=True).warnings == (
        "pages/store.md:3: WARNING: no component or kind of components is called 'pump'; "
        "there are: process, storage, queue [drillbook.unknown]"
    )


# Bad input: a located warning, and the other pages are built


def refused(build: Builder, source: Path) -> list[str]:
    done = build(source, warns=True)
    assert len(pictures(done, "pages/markdown.html")) == 2
    return done.warnings.splitlines()


@pytest.mark.parametrize(
    ("name", "before", "line"),
    [
        ("pages/store.md", "# A page\n\n```{uml}\n:alt: A.\n\n%s\n```\n", 6),
        ("pages/store.md", "# A page\n\n- a list\n\n  ```{uml}\n  :alt: A.\n\n  %s\n  ```\n", 8),
        ("pages/store.md", "# A page\n\n```{uml}\n---\nalt: A.\n---\n%s\n```\n", 7),
        ("pages/store.md", "# A page\n\n````{note}\n```{uml}\n:alt: A.\n%s\n```\n````\n", 6),
        ("pages/more.rst", ":orphan:\n\nA page\n======\n\n.. uml::\n   :alt: A.\n\n   %s\n", 9),
        ("pages/more.rst", ":orphan:\n\nA page\n======\n\n.. note::\n\n   .. uml::\n      :alt: A.\n\n      %s\n", 11),
        ("pages/more.rst", ":orphan:\n\nA page\n======\n\n.. uml::\n   :alt: A.\n\n   @startuml\n   %s\n   @enduml\n", 10),
    ],
)  # fmt: skip
def test_a_syntax_error_is_located_in_its_page(
    build: Builder, project: Project, name: str, before: str, line: int
) -> None:
    source = project("diagrams")
    indent = re.search(r"( *)%s", before)
    assert indent
    (source / name).write_text(before % f"a -> b\n{indent[1]}' a comment\n{indent[1]}this is wrong")
    (warning,) = refused(build, source)
    assert warning == (
        f"{name}:{line + 2}: WARNING: this diagram cannot be drawn: "
        "Syntax Error? (Assumed diagram type: sequence) [drillbook.diagram]"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pages/more.md", "---\norphan: true\n---\n\n# Page\n\n```{uml}\n:alt: A.\n"),
        ("pages/more.rst", ":orphan:\n\nPage\n====\n\nText.\n\n.. uml::\n   :alt: A.\n"),
    ],
)
def test_an_empty_diagram_at_the_end_of_a_page_is_located_in_it(
    build: Builder, project: Project, name: str, text: str
) -> None:
    source = project("diagrams")
    (source / name).write_text(text)
    (warning,) = refused(build, source)
    line = next(number for number, written in enumerate(text.splitlines(), 1) if "uml" in written)
    assert warning == f"{name}:{line}: WARNING: this diagram cannot be drawn: the diagram is empty [drillbook.diagram]"


def test_a_syntax_error_in_a_file_is_located_there(build: Builder, project: Project) -> None:
    source = project("diagrams")
    (source / "pages" / "drawing.puml").write_text("\n@startuml\na -> b\nwrong wrong\n@enduml\n")
    (warning,) = refused(build, source)
    assert warning.startswith("pages/drawing.puml:4: WARNING: this diagram cannot be drawn: Syntax Error?")


def test_a_bad_diagram_is_no_picture_and_warned_of_until_it_is_right(build: Builder, project: Project) -> None:
    source = project("diagrams")
    page(source, "a -> b\nwrong wrong")
    first = build(source, warns=True)
    assert not pictures(first, "pages/store.html")
    assert "A picture." in first.text("pages/store.html")
    assert "plantuml.com" not in first.text("pages/store.html")
    assert build(source, warns=True).warnings == first.warnings != ""
    page(source, "a -> b")
    assert len(pictures(build(source), "pages/store.html")) == 1


HOSTILE = {
    "file": ("a -> b\n!include /etc/passwd", 2, "cannot include /etc/passwd"),
    "relative file": ("!include ../conf.py\na -> b", 1, "cannot include ../conf.py"),
    "address": ("!includeurl http://127.0.0.1:9/x\na -> b", 1, "Cannot open URL"),
    "theme": ("!theme x from http://127.0.0.1:9/\na -> b", 1, "Cannot open URL"),
    "import": ("!import /etc/passwd\na -> b", 1, "Cannot import"),
    "sprite": ("sprite x /etc/passwd\na -> b", 1, "Cannot read: /etc/passwd"),
    "endless loop": ("!$i = 0\n!while 1 == 1\n!$i = $i + 1\n!endwhile", 4, "Infinite loop?"),
    "memory": ('!$s = "aaaaaaaa"\n!while 1 == 1\n!$s = $s + $s\n!endwhile', 0, "java.lang.OutOfMemoryError"),
    "recursion": ("!function $f($x)\n!return $f($x)\n!endfunction\na -> b : $f(1)", 0, "java.lang.StackOverflowError"),
    "control line": ("a -> b\n@@@format png", 2, "a line must not begin with @@@"),
    "two diagrams": ("a -> b\n@enduml\n@startuml\nb -> c", 3, "@start... and @end... stand at the beginning"),
    "two pictures": ("a -> b\nnewpage\nb -> c", 2, "one diagram is one picture"),
    "clock": ("a -> b : %date()", 1, "%date, %now and %random would change the picture"),
    "empty": (" \n", 0, "the diagram is empty"),
}


@pytest.mark.parametrize(("text", "line", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_reaches_beyond_a_diagram_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    (failure,) = draw([text], timeout_s=60)
    assert isinstance(failure, Failure)
    assert (failure.line, failure.message[: len(message)]) == (line, message)


QUIET = {
    "load_json": '!$j = %load_json("/etc/passwd")\na -> b : $j',
    "environment": 'a -> b : %getenv("PATH") %getenv("HOME")',
    "picture file": "a -> b : <img:/etc/passwd>",
    "picture address": "a -> b : <img:http://127.0.0.1:9/x.png>",
    "folder": "a -> b : %dirpath() %filename()",
}


def test_what_the_sandbox_answers_with_nothing_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for name, svg in zip(QUIET, draw(list(QUIET.values()), timeout_s=60), strict=True):
        assert isinstance(svg, str), (name, svg)
        shown = " ".join(ElementTree.fromstring(svg).itertext())
        assert not re.search(r"root:|bash|/bin|somebody|/tmp", shown), name


LINKS = {
    "script": ("[[javascript:alert(1) x]]", "the link 'javascript:alert(1)' in this diagram is no address"),
    "data": ("[[data:text/html,x y]]", "the link 'data:text/html,x' in this diagram is no address"),
    "file": ("[[store.html y]]", "the link 'store.html' in this diagram is no address, and names no role: write [[doc"),
    "no page": ("[[doc:gone y]]", "unknown document: 'gone' [ref.doc]"),
    "no component": ("[[ops:component:gone y]]", "unknown component: gone is described on no page [ref.component]"),
    "no role": ("[[ops:sailor:gone y]]", "the link 'ops:sailor:gone' in this diagram is no address"),
    "no label": ("[[ref:gone y]]", "undefined label: 'gone' [ref.ref]"),
}


@pytest.mark.parametrize(("link", "message"), LINKS.values(), ids=LINKS.keys())
def test_a_link_that_leads_nowhere_is_located_and_is_no_link(
    build: Builder, project: Project, link: str, message: str
) -> None:
    source = project("diagrams")
    page(source, f"a -> b : hi\na -> b : see {link}")
    (warning,) = refused(build, source)
    assert warning.startswith("pages/store.md:7: WARNING: ")
    assert message in warning
    (svg,) = pictures(build(source, warns=True), "pages/store.html")
    assert not hrefs(svg)
    assert "y" in "".join(svg.itertext()) or "x" in "".join(svg.itertext())


def test_a_link_that_only_a_macro_writes_is_no_link(build: Builder, project: Project) -> None:
    source = project("diagrams")
    page(source, '!$scheme = "javascript"\na -> b : see [[$scheme:alert(1) there]]')
    done = build(source, warns=True)
    assert "pages/store.md:7: WARNING: the link '$scheme:alert(1)' in this diagram is no address" in done.warnings
    assert "javascript:" not in str(pictures(done, "pages/store.html")[0].attrib) + "".join(
        ElementTree.tostring(svg, encoding="unicode") for svg in pictures(done, "pages/store.html")
    )


def test_a_link_that_a_macro_alone_makes_is_warned_of_until_it_is_written_out(build: Builder, project: Project) -> None:
    source = project("diagrams")
    page(source, '!$link = %chr(91) + %chr(91) + "ops:component:door there]]"\na -> b : see $link')
    expected = (
        "pages/store.md:6: WARNING: the link 'ops:component:door' is left out of this diagram: "
        "a macro made it, and links must be written out [drillbook.diagram]"
    )
    assert refused(build, source) == [expected]
    assert build(source, warns=True).warnings == expected
    assert not hrefs(pictures(build(source, warns=True), "pages/store.html")[0])


def test_a_picture_within_a_diagram_is_left_out_and_said_so(build: Builder, project: Project) -> None:
    source = project("diagrams")
    page(source, "sprite $s [4x4/16] {\n0123\n4567\n89AB\nCDEF\n}\na -> b : <$s> x")
    (warning,) = refused(build, source)
    assert warning.startswith("pages/store.md:6: WARNING: left out of this diagram, because a page must not run or ")
    assert "image [drillbook.diagram]" in warning


def test_a_diagram_without_words_is_located(build: Builder, project: Project) -> None:
    source = project("diagrams")
    (source / "pages" / "store.md").write_text("# A page\n\n```{uml}\na -> b\n```\n")
    (warning,) = refused(build, source)
    assert warning == (
        "pages/store.md:3: WARNING: this diagram has no text alternative: say in :alt: what it shows [drillbook.diagram]"
    )
    assert "pages/store.md:3: WARNING" in build(source, warns=True).warnings  # until it has one


@pytest.mark.parametrize("value", ["0", "'x'", "True"])
def test_a_time_limit_that_is_none(build: Builder, project: Project, value: str) -> None:
    source = project("diagrams")
    conf = source / "conf.py"
    conf.write_text(f"{conf.read_text()}drillbook_diagram_timeout_s = {value}\n")
    line = len(conf.read_text().splitlines())
    warning = build(source, "dummy", warns=True).warnings
    assert warning.startswith(f"conf.py:{line}: WARNING: drillbook_diagram_timeout_s must be a number above 0, not ")


# The engine


SLOW = (
    "!function $f($n)\n!if ($n == 0)\n!return 0\n!endif\n!return $f($n - 1) + $f($n - 1)\n!endfunction\na -> b : $f(99)"
)


def test_a_slow_diagram_is_ended_and_takes_no_other_with_it() -> None:
    before, slow, wrong, after = draw(["a -> b", SLOW, "wrong wrong", "b -> c"], timeout_s=5)
    assert slow == Failure("drawing it took longer than 5 s, and was ended")
    assert wrong == Failure("Syntax Error? (Assumed diagram type: sequence)", 1)
    assert isinstance(before, str)
    assert isinstance(after, str)
    assert before.endswith("</svg>")
    assert after.endswith("</svg>")


def test_many_diagrams_with_one_fault_need_few_processes(starts: list[int]) -> None:
    drawn = draw([*(f"a -> b : {number}" for number in range(8)), "wrong wrong"], timeout_s=60)
    assert [isinstance(result, Failure) for result in drawn] == [False] * 8 + [True]
    assert len(starts) <= 9


def test_the_same_source_gives_the_same_bytes() -> None:
    source = "skinparam shadowing true\nclass A [[doc:x]]\nclass B\nA --> B"
    assert draw([source, "a -> b"], timeout_s=60)[0] == draw([source], timeout_s=60)[0]


def test_a_java_that_cannot_be_started_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plantuml, "engine", lambda: plantuml.Engine(tmp_path / "java", tmp_path, ""))
    with pytest.raises(EngineError, match=r"diagrams need Java, which cannot be started: .*No such file"):
        draw(["a -> b"], timeout_s=60)
