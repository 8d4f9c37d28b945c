"""`drillbook publish --rollback` and `--releases`: back to what readers had before, whole, in one step, under the lock."""

import fcntl
import re
import shutil
from pathlib import Path

import pytest
from tests.toolkit.publishing import commit, configure, publish, repository, write

from drillbook.cli import main


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that was published three times; when that is within one second, in any order of their names."""
    folder = repository(tmp_path_factory.mktemp("pumps") / "pumps")
    configure(folder, languages=["en"])
    commit(folder)
    for state in ("state 1", "state 2", "state 3"):
        write(folder, state, {"en": ["a", "moved/new", "added"]})
        commit(folder)
        assert publish(folder) == 0
    return folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    """Its published folder, to change at will."""
    return Path(shutil.copytree(template / "site", tmp_path / "site", symlinks=True))


def current(site: Path) -> str:
    return (site / "current").resolve().name


def names(site: Path) -> list[str]:
    """The releases, the oldest first."""
    return sorted(path.name for path in (site / "releases").iterdir())


def roll_back(site: Path, *release: str) -> int:
    return main(["publish", str(site), "--rollback", *release, "--conf", "/nonexistent"])  # it needs no manual


def test_it_leads_to_the_release_before_and_says_what_is_served(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = names(site)
    assert roll_back(site, third) == 0
    capsys.readouterr()
    assert roll_back(site) == 0
    assert current(site) == second
    assert capsys.readouterr().out == (
        f"{site}/current: release {second} is served now, with main, v1.1.0, v1.0.0. Before it was {third}.\n"
    )
    assert (site / "current").readlink() == Path("releases") / second, "the folder may be moved as a whole"
    assert roll_back(site) == 0 and current(site) == first
    assert roll_back(site) == 1 and current(site) == first
    assert f"there is no release before {first}; there are: {third}, {second}" in capsys.readouterr().err
    assert sorted(path.name for path in site.iterdir()) == ["current", "lock", "releases"]


def test_it_leads_to_any_release_forward_too(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _, third = names(site)
    for name in (first, third):
        assert roll_back(site, name) == 0 and current(site) == name
    assert roll_back(site, third) == 0
    assert f"release {third} is served now" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("name", ["20200101T000000Z-0123456789ab", "../../elsewhere", "", "."])
def test_a_release_that_is_not_there_is_refused(site: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = current(site)
    (site.parent / "elsewhere").mkdir()
    assert main(["publish", str(site), f"--rollback={name}"]) == (1 if name else 0)
    assert (current(site) == before) == bool(name)
    if name:
        assert f"there is no release {name!r}; there are: " in capsys.readouterr().err


def test_a_release_that_is_not_whole_is_refused(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _, third = names(site)
    assert roll_back(site, third) == 0
    page = site / "releases" / first / "main" / "en" / "a.html"
    page.write_text(page.read_text().replace("state", "stale"))
    (site / "releases" / first / "versions.json").unlink()
    assert roll_back(site, first) == 1 and current(site) == third
    said = capsys.readouterr().err
    assert f"release {first} is not whole" in said and "versions.json is missing" in said
    assert "main/en/a.html is not what it was" in said and "Nothing was switched." in said


def test_it_waits_for_nobody_who_publishes(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = current(site)
    with (site / "lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert roll_back(site, names(site)[0]) == 1
    assert "lock: held by " in capsys.readouterr().err and current(site) == before


def test_where_nothing_is_published_there_is_nothing_to_go_back_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for what in ("--rollback", "--releases"):
        assert main(["publish", str(tmp_path / "none"), what]) == 2
        assert f"nothing is published in {tmp_path / 'none'}" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_the_releases_are_listed_the_newest_first(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = names(site)
    assert roll_back(site, second) == 0
    (site / "releases" / ".new-1").mkdir()  # somebody publishes
    (site / "releases" / first / "versions.json").unlink()
    capsys.readouterr()
    assert main(["publish", str(site), "--releases"]) == 0
    lines = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [third, second, first]
    assert lines[1][1:] == ["served", "main, v1.1.0, v1.0.0"] and lines[2][1:] == ["it is not whole"]
    assert len(lines[0]) == 2


def test_what_is_published_next_comes_after_it(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "pumps", symlinks=True))
    site = folder / "site"
    before = names(site)
    assert roll_back(site, next(name for name in before if name != current(site))) == 0
    write(folder, "state 4", {"en": ["a", "moved/new", "added"]})
    commit(folder)
    assert publish(folder) == 0
    assert current(site) not in before and "a of state 4" in (site / "current" / "latest" / "en" / "a.html").read_text()


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["publish", "--rollback", "--releases"])
    assert "not allowed with argument" in capsys.readouterr().err
