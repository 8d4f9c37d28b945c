"""The promises of the manual, each tried on the real one, and on copies of it in which a promise is broken.

What is promised stands in ``tests/data``.
"""

import functools
import http.server
import io
import json
import pickle
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from docutils.nodes import Element
from playwright.sync_api import BrowserContext
from sphinx.environment import BuildEnvironment
from sphinx.util.inventory import InventoryFile
from tests.browser.conftest import Quiet, context  # noqa: F401 - a fixture
from tests.browser.searching import searched
from tests.manual.building import Built, build

from audio_enhancement.components import COMPONENTS
from audio_enhancement.errors import ERRORS
from audio_enhancement.metrics import REGISTRY
from audio_enhancement.settings import SETTINGS
from drillbook.config import read_conf
from drillbook.live.digest import code_digest
from drillbook.live.samples import ENVIRONMENT_LANGUAGES, environment_troubles
from drillbook.live.sources import load
from drillbook.model.condition import Observation, choose
from drillbook.model.console import AS_SHOWN, LANGUAGES, commands
from drillbook.model.contents import procedure_content
from drillbook.model.data import read_procedure, read_tree
from drillbook.model.evidence import Evidence, write
from drillbook.model.http_sample import HttpSampleError, read_sample
from drillbook.model.procedure import Part
from drillbook.model.read_only import why_not_read_only
from drillbook.model.tree import Check, Escalate, Fix
from drillbook.model.walk import Walk
from drillbook.pages.blocks import every_block
from drillbook.pages.parts import HOW
from drillbook.warn import Warn

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path(__file__).parent / "data"
PROVEN = '<p class="ops-stamp ops-stamp-proven'
PROGRAMS: dict[str, str] = read_conf(REPOSITORY).drillbook_commands
METRICS = {sample.name for family in REGISTRY.collect() for sample in family.samples} | {
    f"{family.name}{suffix}" for family in REGISTRY.collect() for suffix in ("", "_total", "_bucket")
}


def data(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


class Manual(NamedTuple):
    """A copy of the manual and of the system that it documents, and where it is built."""

    project: Path
    output: Path

    @property
    def site(self) -> Path:
        return self.output / "html"

    @property
    def ops(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.site / "ops.json").read_text(encoding="utf-8"))
        return found

    def page(self, name: str) -> str:
        return (self.site / name).read_text(encoding="utf-8")

    def build(self) -> Built:
        return build(self.project, "html", self.output)

    @contextmanager
    def changed(self, *changes: tuple[str, str, str]) -> Iterator["Changed"]:
        """The manual built anew with *changes* (file, old text, new text), beside this one, which stays as it is."""
        kept = {file: (self.project / file).read_text(encoding="utf-8") for file, _, _ in changes}
        try:
            for file, old, new in changes:
                text = (self.project / file).read_text(encoding="utf-8")
                assert text.count(old) == 1, f"{old!r} must stand once in {file}"
                (self.project / file).write_text(text.replace(old, new), encoding="utf-8")
            with tempfile.TemporaryDirectory(dir=self.output.parent) as folder:
                output = Path(shutil.copytree(self.output, Path(folder) / "build"))
                other = Manual(self.project, output)
                yield Changed(other, other.build())
        finally:
            for file, text in kept.items():
                (self.project / file).write_text(text, encoding="utf-8")


class Changed(NamedTuple):
    """A changed manual, and what its build said."""

    manual: Manual
    built: Built


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Manual:
    """Built once, without a warning."""
    folder = tmp_path_factory.mktemp("production")
    project = folder / "project"
    for name in ("source", "system"):
        shutil.copytree(REPOSITORY / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "conf.py", project)
    (project / "ext").symlink_to(REPOSITORY / "ext")
    made = Manual(project, folder / "build")
    built = made.build()
    assert built.status == 0, built.messages
    return made


def missing(manual: Manual) -> set[str]:
    """What the live system has and the manual does not describe, and what pages lack that their kind must have."""
    inventory = InventoryFile.load((manual.site / "objects.inv").open("rb"), "", lambda base, name: base + name)
    live = {
        "setting": {f"{name}.{field}" for name, cls in SETTINGS.items() for field in cls.model_fields},
        "component": {component.name for component in COMPONENTS},
        "error": {error.code for error in ERRORS},
        "metric": {f"{one.name}_total" if one.type == "counter" else one.name for one in REGISTRY.collect()},
        "command": {f"./scripts/{file.name}" for file in (REPOSITORY / "system" / "scripts").glob("*.sh")},
        "alert": {alert["name"] for alert in manual.ops["alerts"]},
        "severity": {alert["severity"] for alert in manual.ops["alerts"]},
    }
    lacking = {f"{kind} {name}" for kind, names in live.items() for name in names - set(inventory[f"ops:{kind}"])}
    for kind in data("templates.yml"):
        pages = [page for page in manual.site.glob(f"{kind['pages']}.html") if page.name != "index.html"]
        lacking |= {kind["pages"]} if not pages else set()
        for page in pages:
            name, said = page.relative_to(manual.site).with_suffix("").as_posix(), article(page)
            lacking |= {f"{name}: {part}" for part in set(kind["parts"]) - headings(said)}
            lacking |= {f"{name}: {what}" for what, at in kind.get("has", {}).items() if not said.select(at)}
    for page in written():
        if '<p class="ops-owner' not in manual.page(f"{page}.html"):
            lacking.add(f"{page}: owner")
    for procedure in manual.ops["procedures"]:
        lacking |= {
            f"procedure {procedure['name']}: {part}" for part in data("procedures.yml")["says"] if not procedure[part]
        }
    return lacking


def written() -> list[str]:
    """The names of all pages that somebody wrote."""
    source = REPOSITORY / "source"
    return [file.relative_to(source).with_suffix("").as_posix() for file in sorted(source.rglob("*.md"))]


def headings(said: Tag) -> set[str]:
    """The headings of the sections of a page."""
    return {heading.find(string=True, recursive=False) or "" for heading in said.select("h2")}


def article(page: Path) -> Tag:
    """What is written on *page*, without what stands around it."""
    found = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
    assert isinstance(found, Tag)
    return found


def test_documentation_completeness(manual: Manual) -> None:
    assert missing(manual) == set()
    with manual.changed(
        ("source/alerts/RedisDown.md", "## Impact", "## Weather"),
        ("source/reference/metrics.md", "```{ops:metrics}\n```", ""),
        ("source/procedures/deploy.md", ":who: the engineer who deploys; the on-call engineer is told before\n", ""),
        ("source/procedures/backup.md", "owner: audio on-call\n", ""),
        ("source/tuning/profile.md", "```{ops:measurement} profile\n```", ""),
    ) as (other, _):
        lacking = missing(other)
        assert {
            "alerts/RedisDown: Impact",
            "metric ae_redis_up",
            "procedure deploy: who",
            "procedures/backup: owner",
            "tuning/profile: a measurement",
        } <= lacking


@pytest.mark.parametrize(
    "kind", [kind for kind in data("templates.yml") if "template" in kind], ids=lambda kind: kind["pages"]
)
def test_what_begins_a_page_has_the_parts_of_its_kind(kind: dict[str, Any]) -> None:
    template = (REPOSITORY / "ext" / "drillbook" / "templates" / kind["template"]).read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", template, re.MULTILINE) == kind["parts"]


def unreviewed(manual: Manual) -> set[str]:
    """Where the checklists on the page differ from what a reviewer must ask, and answers that do not exist."""
    told = data("review_checklists.yml")
    wanted = {f"{one['title']}: {item}" for one in told for item in one["items"]}
    shown = set()
    for listed in article(manual.site / "writing" / "review.html").select(".ops-ticked"):
        title = listed.select_one(".ops-title")
        assert title is not None
        items = [
            item.get_text(strip=True).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for item in listed.select("li")
        ]
        shown |= {f"{title.get_text()}: {item}" for item in items}
    answers = [pair for one in told for answer in one["items"].values() for pair in answer.items()]
    return wanted ^ shown | {f"no {kind} {name}" for kind, name in answers if name not in answering(kind)}


def answering(kind: str) -> set[str]:
    """What of a kind can answer a question of a reviewer."""
    if kind == "builder":
        return set(re.findall(r"\$\(call SPHINX,([\w-]+)", (REPOSITORY / "Makefile").read_text(encoding="utf-8")))
    if kind == "sabotage":
        return {fault["class"] for fault in data("sabotage.yml")["faults"]}
    if kind == "warning":
        return {warning.value for warning in Warn}
    return {file.relative_to(REPOSITORY).as_posix() for file in (REPOSITORY / "tests").rglob("test_*.py")}


def test_review_checklists(manual: Manual) -> None:
    assert unreviewed(manual) == set()
    question = "Each warning stands before the step that it is about."
    with manual.changed(("source/writing/review.md", f"- {question}\n", "- It reads well.\n")) as (other, _):
        title = "Editorial verification: is it clear? Somebody who writes"
        assert unreviewed(other) == {f"{title}: {question}", f"{title}: It reads well."}


def seen(answer: Any) -> Observation:
    """What a check gives, as ``scenarios.yml`` writes it."""
    if isinstance(answer, dict):
        return Observation(answer["exit"], answer["prints"])
    if isinstance(answer, str):
        return Observation(0, answer)
    return Observation(values=() if answer is None else (float(answer),))


def end_of(ops: dict[str, Any], alert: str, sees: dict[str, Any]) -> Fix | Escalate:
    """Where a reader arrives who begins at *alert* and sees what *sees* says."""
    trees = {tree["name"]: read_tree(tree) for tree in ops["trees"]}
    (start,) = (one["trees"] for one in ops["alerts"] if one["name"] == alert)
    walk = Walk(trees, start[0])
    while isinstance(walk.node, Check):
        asked = walk.node.query or walk.node.commands[0].text
        known = [key for key in sees if key in asked]
        assert known, f"scenarios.yml does not say what {walk.tree.name}/{walk.node.name} sees: {asked}"
        index = choose([one.condition for one in walk.node.answers], seen(sees[max(known, key=len)]))
        assert index is not None, f"no answer of {walk.tree.name}/{walk.node.name} fits"
        walk.answer(index)
    return walk.node


def with_values(fix: Fix) -> str:
    """The procedure of a fix, with what its blanks are filled with."""
    return " ".join([fix.procedure, *(f"{name}={value}" for name, value in fix.values)])


def lost(ops: dict[str, Any]) -> set[str]:
    """What is wrong with the ways through the trees: alerts without a tree, and scenarios that end elsewhere."""
    told = data("scenarios.yml")
    healthy = told["healthy"]
    wrong = {f"{alert['name']} has no tree" for alert in ops["alerts"] if len(alert["trees"]) != 1}
    for alert in ops["alerts"]:
        if alert["trees"] and isinstance(end := end_of(ops, alert["name"], healthy), Fix):
            wrong.add(f"{alert['name']} ends at {end.procedure} when nothing is wrong")
    for one in told["scenarios"]:
        end = end_of(ops, one["alert"], {**healthy, **one["sees"]})
        if not (isinstance(end, Fix) and with_values(end) == one["ends"] and one["fault"] in end.faults):
            wrong.add(f"{one['fault']} ends at {end.name}")
    fixed = {fault for tree in ops["trees"] for node in tree["nodes"] for fault in node.get("faults", ())}
    return wrong | {f"{fault} has no scenario" for fault in fixed - {one["fault"] for one in told["scenarios"]}}


def test_troubleshooting_coverage(manual: Manual) -> None:
    assert lost(manual.ops) == set()
    with manual.changed(
        (
            "source/alerts/StorageLow.md",
            "`value < StorageLow.threshold` -> foreign",
            "`value < StorageLow.threshold` -> call-passed",
        ),
        (
            "source/alerts/StorageLow.md",
            "`value >= StorageLow.threshold` -> call-passed",
            "`value >= StorageLow.threshold` -> foreign",
        ),
        ("source/alerts/CpuHigh.md", "{ops:tree} CpuHigh", "{ops:tree} Processors"),
    ) as (other, _):
        assert lost(other.ops) == {"storage-full ends at call-passed", "CpuHigh has no tree"}


def invalid(manual: Manual) -> set[str]:
    """What is wrong with the examples of all pages, as far as it can be said without a running system."""
    procedures = manual.ops["procedures"]
    blanks = {
        one["name"]: one["default"] or next(iter(one["choices"]), "7") for each in procedures for one in each["blanks"]
    }
    environment: BuildEnvironment = pickle.loads((manual.output / "doctrees" / "environment.pickle").read_bytes())
    return {
        f"{docname}: {problem}"
        for docname in environment.found_docs
        for node, _ in every_block(environment.get_doctree(docname))
        for problem in problems(node, blanks)
    }


def problems(node: Element, blanks: dict[str, str]) -> Iterator[str]:
    language, text, how = str(node.get("language", "")), node.astext(), node.get(HOW, AS_SHOWN)
    if how.unproven or "diagram" in node:  # told to the reader; drawn by the build
        return
    if language in LANGUAGES:
        yield from (problem for command in commands(text) for problem in refused(filled(command.text, blanks)))
    elif language in ENVIRONMENT_LANGUAGES:
        yield from (trouble.says for trouble in environment_troubles(text, SETTINGS))
    elif language == "http":
        try:
            read_sample(text)
        except HttpSampleError as error:
            yield str(error)
    elif language == "promql":
        yield from (f"no metric is called {name}" for name in re.findall(r"\bae_\w+", text) if name not in METRICS)
    elif language == "yaml":
        yield from (
            f"{rule['alert']} lacks runbook_url" for rule in rules(text) if "runbook_url" not in rule["annotations"]
        )
    elif language != "sql":  # PostgreSQL alone can judge it
        yield f"nothing can prove a block in {language}: {text.splitlines()[0]}"


def rules(text: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def filled(command: str, blanks: dict[str, str]) -> str:
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: blanks.get(found[1], "7"), command)


VALUES = ("7", "00000000-0000-0000-0000-000000000007")  # what a variable of a reader's may hold


def refused(command: str) -> Iterator[str]:
    """Those of our own programs in *command* that do not understand their options; and what no shell understands."""
    checked = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, timeout=10)
    if checked.returncode:
        yield f"no shell understands {command}"
    # what another command prints is a value here, and what this one prints may go to a file
    alone = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", "7", command.replace("\\\n", " "))
    alone = re.sub(r"\d?>{1,2} *[\w$/.{}-]+", " ", alone)
    for part in re.split(r"[|;&]+", alone):
        if part.count("'") % 2 == 0 and part.count('"') % 2 == 0:
            said = [_said(re.sub(r"\$[a-z]\w*", value, part)) for value in VALUES]
            if all(said):
                yield f"{command}: {said[0]}"


def _said(part: str) -> str:
    """What a program of ours says against its options; empty when it understands them."""
    words = shlex.split(part, comments=True)
    if words and words[0] in PROGRAMS:
        try:
            with redirect_stderr(io.StringIO()) as said, redirect_stdout(said):
                load(PROGRAMS[words[0]])().parse_args(words[1:])
        except SystemExit as end:
            return said.getvalue().strip().splitlines()[-1] if end.code else ""
    return ""


def test_example_validity(manual: Manual) -> None:
    assert invalid(manual) == set()
    with manual.changed(
        ("source/procedures/purge-cache.md", "$ ./scripts/purge_cache.sh\n", "$ ./scripts/purge_cache.sh --now\n"),
        ("source/reference/settings.md", "AE_CACHE_TTL_S='86400'", "AE_CACHE_TTL_S='86401'"),
        ("source/reference/http-api.md", "GET /readyz HTTP/1.1", "LOOK /readyz HTTP/1.1"),
        ("source/reference/metrics.md", "sum(ae_jobs_in_progress)", "sum(ae_jobs_under_way)"),
    ) as (other, _):
        found = sorted(invalid(other))
        assert [problem.partition(":")[0] for problem in found] == [
            "procedures/purge-cache",
            "reference/http-api",
            "reference/metrics",
            "reference/settings",
        ], found


def inaccurate(ops: dict[str, Any]) -> set[str]:
    """Procedures that change something else than they should, in another order, or while they confirm or before they undo."""
    told, wrong = data("procedures.yml"), set()
    looks = [*read_conf(REPOSITORY).drillbook_read_only, *told["looks"]]

    def changing(part: Part | None) -> list[str]:
        return [one.text for one in part.commands if why_not_read_only(one.text, looks)] if part else []

    procedures = [read_procedure(one) for one in ops["procedures"]]
    for procedure in procedures:
        does = [command for step in procedure.steps for command in changing(step.action)]
        if does != told["changes"].get(procedure.name):
            wrong.add(f"{procedure.name} does {does}")
        for step in procedure.steps:
            wrong |= {f"{procedure.name} confirms by {command}" for command in changing(step.confirm)}
            if changing(step.action) and not (step.confirm and step.undo):
                wrong.add(f"{procedure.name}: {step.says}: without confirmation or undo")
    return wrong | {f"there is no {name}" for name in told["changes"].keys() - {one.name for one in procedures}}


def test_procedure_accuracy(manual: Manual) -> None:
    assert inaccurate(manual.ops) == set()
    first = "$ sed --in-place '/^AE_DSP_/d' $RUN_DIR/etc/production.env\n"
    second = "$ sed --quiet '/^AE_DSP_/p' $RUN_DIR/state/production.env >> $RUN_DIR/etc/production.env\n"
    with manual.changed(
        ("source/procedures/restore-enhancement.md", first + second, second + first),
        (
            "source/procedures/end-blocker.md",
            "select state from pg_stat",
            "select pg_cancel_backend(pid), state from pg_stat",
        ),
        ("source/procedures/start-monitor.md", "$ supervisorctl start monitor", "$ supervisorctl status monitor"),
    ) as (other, _):
        assert {problem.partition(" ")[0] for problem in inaccurate(other.ops)} == {
            "restore-enhancement",
            "end-blocker",
            "start-monitor",
        }


def prove(manual: Manual, name: str) -> None:
    """Write evidence of a procedure as a run does."""
    (procedure,) = (read_procedure(one) for one in manual.ops["procedures"] if one["name"] == name)
    code = code_digest(manual.project, read_conf(manual.project).drillbook_code)
    proof = Evidence(
        "procedure",
        name,
        procedure_content(procedure),
        code,
        "2.1.0",
        "0",
        "2026-11-23T04:00:00Z",
        "0",
        {"seconds": 3},
    )
    write(manual.project / "source" / "evidence", proof)


def test_documentation_updates(manual: Manual) -> None:
    settings, latency, purge = "reference/settings.html", "alerts/HighLatency.html", "procedures/purge-cache.html"
    prove(manual, "purge-cache")
    with manual.changed() as (other, built):
        assert built.status == 0, built.messages
        assert PROVEN in other.page(purge)
        assert "4242" not in other.page(settings) and "7 min" not in other.page(latency)
    with manual.changed(
        ("source/procedures/purge-cache.md", "$ ./scripts/purge_cache.sh\n", "$ ./scripts/purge_cache.sh \n")
    ) as (other, _):
        assert PROVEN not in other.page(purge) and "since it changed" in other.page(purge)
    with manual.changed(
        ("system/audio_enhancement/settings.py", '600,\n        "Uploads that one', '4242,\n        "Uploads that one'),
        ("system/monitoring/rules/alerts.yml", "age_seconds) > 120", "age_seconds) > 420"),
    ) as (other, built):
        assert built.status == 0, built.messages
        assert "4242" in other.page(settings) and "7 min" in other.page(latency)
        assert PROVEN not in other.page(purge)
    with manual.changed(("system/audio_enhancement/settings.py", "    relay_after_s:", "    relay_later_s:")) as (
        _,
        built,
    ):
        assert built.status != 0
        assert "architecture/request-path.md:" in built.messages and "queue.relay_after_s" in built.messages


@pytest.fixture
def served(manual: Manual) -> Iterator[str]:
    """The address of the manual over HTTP, as its readers have it."""
    handler = functools.partial(Quiet, directory=str(manual.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("place", ["file", "server"])
def test_search_functionality(
    place: str,
    manual: Manual,
    served: str,
    context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    root = f"file://{manual.site}" if place == "file" else served
    page = context().new_page()
    page.goto(f"{root}/search.html?q=")
    ranks = {}
    for query, right in data("search_queries.yml").items():
        found = [link.partition("#")[0] for link in searched(page, query)]
        ranks[query] = next(
            (rank for rank, one in enumerate(found) if one in {f"{root}/{name}.html" for name in right}), 99
        )
    assert len(ranks) >= 60
    assert sum(rank == 0 for rank in ranks.values()) >= 54, {query: rank for query, rank in ranks.items() if rank}
    assert all(rank < 3 for rank in ranks.values()), {query: rank for query, rank in ranks.items() if rank >= 3}
    assert searched(page, "zzzquux qqxyzzy") == []
