"""The bundle for a room without a network: whole, the same each time, and honest about its age."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, handbook

from drillbook.cli import main
from drillbook.model.stamp import Phrase
from drillbook.output.made import Made, made_from
from drillbook.output.warroom import Bundle, bundle

BuildIt = Callable[..., Build]
MADE = Made("abc1234", 1_790_000_000)
EXT = Path(__file__).parents[2] / "ext"
ROOTS = [EXT.parent / "tests" / "roots" / "trees", EXT.parent / "examples" / "lighthouse"]


def committed(folder: Path) -> None:
    """Make a repository of *folder*, with one commit of that time."""
    who = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null"}
    by = ("-c", "user.name=n", "-c", "user.email=e@x.example")
    for arguments in (("init", "-q"), ("add", "."), (*by, "commit", "-qm", "m")):
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, timeout=30)


@pytest.fixture
def parts(tmp_path: Path, build: BuildIt) -> Callable[[str], Bundle]:
    """A built manual and its PDF, in a folder of that name."""

    def make(name: str) -> Bundle:
        (tmp_path / name).mkdir()
        source = handbook(tmp_path / name / "book", GOOD)
        pdf = build(source, "typst").output / "stations.pdf"
        return Bundle(build(source).output, pdf, MADE)

    return make


LATER = """\
import datetime, time

DAYS = 400
_now = time.time


class _Any(type):
    def __instancecheck__(cls, one):
        return isinstance(one, cls.__mro__[1])


class Later(datetime.datetime, metaclass=_Any):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)


class Day(datetime.date, metaclass=_Any):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())


time.time = lambda: _now() + DAYS * 86400
for name in ("gmtime", "localtime"):
    setattr(time, name, lambda seconds=None, _of=getattr(time, name): _of(time.time() if seconds is None else seconds))
datetime.datetime, datetime.date = Later, Day
"""


def made_in(folder: Path, origin: Path, jobs: int, environment: dict[str, str]) -> dict[str, bytes]:
    """What the bundle of a fresh checkout of *origin* holds, made there by processes of their own."""
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"} | environment

    def run(*command: str | Path) -> None:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr

    subprocess.run(["git", "clone", "--quiet", origin, folder], check=True, timeout=60)
    for builder in ("html", "typst"):
        run(sys.executable, "-m", "sphinx", "-q", "-j", str(jobs), "-b", builder, ".", f"_build/{builder}")
    [pdf] = (folder / "_build" / "typst").glob("*.pdf")
    run(sys.executable, "-m", "drillbook", "warroom", "--html", "_build/html", "--pdf", pdf, "--target", "_build/room")
    made = {file.name: file.read_bytes() for file in (folder / "_build" / "room").iterdir()}
    for name in [name for name in made if zipfile.is_zipfile(io.BytesIO(made[name]))]:
        with zipfile.ZipFile(io.BytesIO(made[name])) as archive:  # to name what differs
            made |= {f"{name}: {inner}": archive.read(inner) for inner in archive.namelist()}
    return made


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_two_bundles_of_one_commit_are_the_same_wherever_and_whenever_they_are_made(root: Path, tmp_path: Path) -> None:
    origin = shutil.copytree(root, tmp_path / "origin", ignore=shutil.ignore_patterns("_build", "__pycache__"))
    committed(origin)
    (later := tmp_path / "later").mkdir()
    (later / "sitecustomize.py").write_text(LATER)
    today = [sys.executable, "-c", "import datetime; print(datetime.date.today())"]
    seen = subprocess.check_output(today, env={**os.environ, "PYTHONPATH": str(later)}, text=True, timeout=30)
    assert date.fromisoformat(seen.strip()) > date.today() + timedelta(days=300), "its clock"
    one = made_in(tmp_path / "here", origin, 1, {"PYTHONHASHSEED": "1", "TZ": "UTC", "PYTHONPATH": str(EXT)})
    other = made_in(
        tmp_path / "elsewhere" / "and deeper",
        origin,
        3,
        {"PYTHONHASHSEED": "4242", "TZ": "Asia/Tokyo", "PYTHONPATH": f"{later}{os.pathsep}{EXT}"},
    )
    assert one.keys() == other.keys() and "SHA256SUMS" in one
    assert b"2026-01-02 03:04 UTC" in one["README.md"]
    assert [name for name in one if one[name] != other[name]] == []


def test_the_checksums_are_those_of_the_files(parts: Callable[[str], Bundle], tmp_path: Path) -> None:
    files = bundle(parts("one"), tmp_path / "warroom")
    lines = (tmp_path / "warroom" / "SHA256SUMS").read_text().splitlines()
    assert {line.split("  ")[1] for line in lines} == {file.name for file in files} - {"SHA256SUMS"}
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "warroom" / name).read_bytes()).hexdigest() == digest


def test_every_page_says_what_it_is_a_copy_of(parts: Callable[[str], Bundle], tmp_path: Path) -> None:
    bundle(parts("one"), tmp_path / "warroom")
    with zipfile.ZipFile(tmp_path / "warroom" / "stations-html.zip") as archive:
        pages = [name for name in archive.namelist() if name.endswith(".html")]
        assert len(pages) >= 4
        for name in pages:
            text = archive.read(name).decode()
            assert text.count('class="ops-offline"') == 1, name
            assert "Made from the state of 2026-09-21 " in text and "commit abc1234" in text and "proven" in text
        assert not [name for name in archive.namelist() if "_sources" in name or "buildinfo" in name]
    readme = (tmp_path / "warroom" / "README.md").read_text()
    assert "2026-09-21" in readme and "stations.pdf" in readme and len(readme.splitlines()) < 40


@pytest.mark.parametrize(
    ("language", "banner", "row"),
    [
        ("de", "Offline-Kopie von Stations. Aus dem Stand vom 2026-09-21 ", "| `SHA256SUMS` | Prüfsummen: "),
        ("zh_CN", "Stations 的离线副本。依据 2026-09-21 ", "| `SHA256SUMS` | 校验和："),
        ("fr", "Offline copy of Stations. Made from the state of 2026-09-21 ", "| `SHA256SUMS` | Checksums: "),
    ],
)
def test_a_bundle_speaks_the_language_of_its_pages(
    tmp_path: Path, build: BuildIt, language: str, banner: str, row: str
) -> None:
    html = build(handbook(tmp_path / "book", GOOD), confoverrides={"language": language}).output
    (tmp_path / "stations.pdf").write_bytes(b"%PDF")
    made = MADE._replace(commit=Phrase("{commit}, with changes that are not committed", commit="abc1234"))
    bundle(Bundle(html, tmp_path / "stations.pdf", made), tmp_path / "warroom")
    with zipfile.ZipFile(tmp_path / "warroom" / "stations-html.zip") as archive:
        page = archive.read("stations/index.html").decode()
    assert f'<p class="ops-offline" role="note">{banner}' in page
    readme = (tmp_path / "warroom" / "README.md").read_text("utf-8")
    assert row in readme and "`python3 walk.pyz ALERT`" in readme and "`stations/index.html`" in readme
    for text in ("No page of this manual is proven now", "with changes that are not committed"):
        assert (text in page) == (text in readme) == (language == "fr"), text


def test_the_walker_is_a_single_file_that_needs_only_python(parts: Callable[[str], Bundle], tmp_path: Path) -> None:
    bundle(parts("one"), tmp_path / "warroom")
    command = [sys.executable, "-I", "-S", str(tmp_path / "warroom" / "walk.pyz")]  # no site packages
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0 and "SlowReports" in done.stdout, done.stderr
    answers = "1\n" * 10
    done = subprocess.run(
        [*command, "SlowReports"], input=answers, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert "Do all stations answer?" in done.stdout and done.returncode in (0, 3), done.stderr
    with zipfile.ZipFile(tmp_path / "warroom" / "walk.pyz") as archive:
        assert not [name for name in archive.namelist() if "/pages/" in name or "/output/" in name]


def test_the_data_and_the_walker_say_when_they_were_made_and_when_to_doubt_them(
    parts: Callable[[str], Bundle], tmp_path: Path
) -> None:
    made = parts("one")
    bundle(made, tmp_path / "warroom")
    data = json.loads((tmp_path / "warroom" / "ops.json").read_text())
    jsonschema.validate(data, json.loads((made.html / "ops.schema.json").read_text()))
    about = data["manual"]
    assert (about["made"], about["commit"], about["doubt"]) == ("2026-09-21T14:13:20Z", "abc1234", "")
    with zipfile.ZipFile(tmp_path / "warroom" / "stations-html.zip") as archive:
        assert json.loads(archive.read("stations/ops.json")) == data
    command = [sys.executable, "-I", "-S", str(tmp_path / "warroom" / "walk.pyz"), "SlowReports"]
    done = subprocess.run(command, input="q\n", capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("Stations, made 2026-09-21 14:13 UTC from abc1234."), done.stderr


def test_a_bundle_replaces_what_was_there_or_leaves_it(parts: Callable[[str], Bundle], tmp_path: Path) -> None:
    made, target = parts("one"), tmp_path / "warroom"
    bundle(made, target)
    (target / "stray").touch()
    bundle(made, target)
    assert not (target / "stray").exists()
    before = sorted(file.name for file in target.iterdir())
    assert (
        main(["warroom", "--html", str(made.html), "--pdf", str(tmp_path / "none.pdf"), "--target", str(target)]) == 2
    )
    assert sorted(file.name for file in target.iterdir()) == before
    assert not list(tmp_path.glob(".*.new"))


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["warroom", "--html", str(tmp_path), "--pdf", "none.pdf", "--target", str(tmp_path / "x")]) == 2
    said = capsys.readouterr().err
    assert "ops.json cannot be read: build the manual first" in said


def test_made_is_the_time_of_the_commit_or_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert made_from(tmp_path).commit == "no commit"
    (tmp_path / "page").write_text("x")
    committed(tmp_path)
    assert made_from(tmp_path).day == "2026-01-02 03:04 UTC"
    assert "changes" not in made_from(tmp_path).commit
    (tmp_path / "page").write_text("y")
    assert made_from(tmp_path).commit.endswith("with changes that are not committed")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert made_from(tmp_path).day == "1970-01-01 00:00 UTC"


def test_the_doubt_is_the_first_day_of_all_pages(parts: Callable[[str], Bundle], tmp_path: Path) -> None:
    made = parts("one")
    data = json.loads((made.html / "ops.json").read_text())
    stamp = {
        "kind": "page",
        "name": "",
        "proven": "2026-01-01",
        "version": "1",
        "figures": "",
        "reason": "",
        "says": "",
    }
    page = data["pages"][0] if data["pages"] else {"name": "index"}
    data["pages"] = [
        page | {"stamp": stamp | {"state": "proven", "until": day}} for day in ("2026-03-01", "2026-02-01")
    ] + [page | {"stamp": stamp | {"state": "void", "until": "2026-01-15"}}]
    (made.html / "ops.json").write_text(json.dumps(data))
    bundle(made, tmp_path / "warroom")
    readme = (tmp_path / "warroom" / "README.md").read_text()
    assert "**Check before use after 2026-02-01.**" in readme and "2 of 3 pages" in readme and "1 is not" in readme
