"""What has changed between two versions, as readers are told: from the model, by the command, and on the page."""

import copy
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.toolkit.building import Build
from tests.toolkit.editions import BOOK, book, data_of
from tests.toolkit.handbook import PROCEDURE, RULES

from drillbook.cli import main
from drillbook.live.facts import CommandFact, LiveFacts, OptionFact, Place, SettingFact
from drillbook.live.shown import shown_facts
from drillbook.model.change import Change, Kind, changes, section_title, sections
from drillbook.model.data import DataError

Json = dict[str, Any]
Builder = Callable[..., Build]
CHANGED = "# What has changed\n\n```{ops:changes}\n```\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The data of the manual; to be copied before it is changed."""
    return data_of(book(tmp_path_factory.mktemp("old") / "book"))


@pytest.fixture
def new(data: Json) -> Json:
    return copy.deepcopy(data)


def said(old: Json, new: Json) -> list[str]:
    return [change.says for change in changes(old, new)]


def only(old: Json, new: Json) -> Change:
    [change] = changes(old, new)
    return change


def test_a_threshold_is_told_with_its_unit_and_leads_to_the_page_of_its_alert(data: Json, new: Json) -> None:
    rule = new["facts"]["alerts"][1]
    rule |= {"expr": rule["expr"].replace("0.5", "0.8"), "thresholds": ["800 ms"]}
    change = only(data, new)
    assert change.says == "Threshold of SlowReports: 500 ms → 800 ms."
    assert (change.subject, change.section, change.address) == ("threshold", "alerts", "alerts/SlowReports.html")


def test_of_an_alert_the_time_the_severity_and_the_expression_are_told(data: Json, new: Json) -> None:
    slow, silent = new["facts"]["alerts"][1], new["facts"]["alerts"][0]
    slow |= {"for": "5 min", "severity": "SEV1", "expr": "max(report:duration_seconds:p95) > 0.5"}
    silent |= {"expr": silent["expr"].replace("< 3", "< 5"), "thresholds": ["0", "5"]}
    assert set(said(data, new)) == {
        "Time before SlowReports fires: 2 min → 5 min.",
        "Severity of SlowReports: SEV2 → SEV1.",
        "Expression of SlowReports: `report:duration_seconds:p95 > 0.5` → `max(report:duration_seconds:p95) > 0.5`.",
        "Threshold 2 of Silent: 3 → 5.",
    }


def test_rules_that_share_a_name_are_told_apart(data: Json, new: Json) -> None:
    for one in (data := copy.deepcopy(data), new):
        one["facts"]["alerts"].append(one["facts"]["alerts"][1] | {"severity": "SEV3"})
    new["facts"]["alerts"][2]["for"] = "9 min"
    assert said(data, new) == ["Time before SlowReports (SEV3) fires: 2 min → 9 min."]


def test_a_changed_step_is_named_with_its_number_and_is_led_to(data: Json, new: Json) -> None:
    step = new["procedures"][0]["steps"][0]
    step["action"]["commands"][0]["text"] = "./stations restart --hard {{ station }}"
    step["confirm"]["commands"][0]["expected"] = "all  running"
    step["undo"] = None
    change = only(data, new)
    assert change.says == (
        "Step 1 of Restart station, “Restart it”: command `./stations restart {{ station }}` → "
        "`./stations restart --hard {{ station }}`; confirmation: expected output changed; no undoing."
    )
    assert change.address == "procedures/restart.html#procedure-restart-station-Restart-it"
    assert change.section == "procedures"


def test_a_step_that_was_put_in_before_another_changes_no_other(data: Json, new: Json) -> None:
    steps = new["procedures"][0]["steps"]
    other = copy.deepcopy(steps[0]) | {"says": "Look", "action": {"text": "Look at it.", "commands": []}}
    steps.insert(0, other)
    assert said(data, new) == ["Step 1 of Restart station, “Look”: new."]
    assert said(new, data) == ["Step 1 of Restart station, “Look”: removed."]
    swapped = copy.deepcopy(new)
    swapped["procedures"][0]["steps"].reverse()
    assert said(new, swapped) == ["Order of the steps of Restart station: another one."]


def test_a_step_with_other_words_that_does_the_same_was_renamed(data: Json, new: Json) -> None:
    new["procedures"][0]["steps"][0]["says"] = "Start it again"
    change = only(data, new)
    assert change.kind is Kind.RENAMED
    assert change.says == "Step 1 of Restart station, “Start it again”: it was called “Restart it”."


def test_the_fields_and_blanks_of_a_procedure(data: Json, new: Json) -> None:
    new["procedures"][0] |= {"title": "Start a station", "risk": "None."}
    new["procedures"][0]["blanks"][0]["default"] = "south"
    assert set(said(data, new)) == {
        "Procedure Restart station: now called Start a station.",
        "Risk: Start a station: Its reports are missing meanwhile. → None.",
        "Blank station of Start a station: example north → south.",
    }


def test_where_an_answer_leads_now_and_what_a_check_asks(data: Json, new: Json) -> None:
    check, fix, call = new["trees"][0]["nodes"]
    check["answers"][0]["target"] = "restart"
    check["answers"][1]["condition"]["words"] = "the exit status is 2"
    check["answers"].append(check["answers"][0] | {"says": "Nobody knows", "target": "Silent", "leaves": True})
    check["says"] = "Does each station answer?"
    fix["within_s"] = 600
    fix["values"] = {"station": "south"}
    call["to"] = "the harbour"
    assert said(data, new) == [
        "Answer “All answer” of check 1 of SlowReports, “Does each station answer?”: leads to “A station is down” now, "
        "not to “All answer, and reports are slow”.",
        "Answer “Nobody knows” of check 1 of SlowReports, “Does each station answer?”: new, leads to the tree Silent.",
        "Answer “Some are down” of check 1 of SlowReports, “Does each station answer?”: holds when the exit status is "
        "not 0 → the exit status is 2.",
        "Check 1 of SlowReports, “Does each station answer?”: “Do all stations answer?” → “Does each station answer?”.",
        "Escalation 3 of SlowReports, “All answer, and reports are slow”: call the platform team → the harbour.",
        "Fix 2 of SlowReports, “A station is down”: procedure restart-station with station=north → restart-station "
        "with station=south; clears within 5 min → 10 min.",
    ]
    assert {change.anchor for change in changes(data, new)} == {
        f"tree-SlowReports-{name}" for name in ("ask", "restart", "call")
    }


def test_what_comes_and_what_goes(data: Json, new: Json) -> None:
    new["procedures"], new["trees"], new["facts"]["alerts"] = [], [], []
    new["contents"] = [page for page in new["contents"] if not page["name"].startswith("procedures/")]
    new["pages"] = new["stamps"] = []
    gone = changes(data, new)
    assert {(change.subject, change.name) for change in gone if change.kind is Kind.REMOVED} == {
        ("procedure", "restart-station"),
        ("tree", "SlowReports"),
        ("alert", "SlowReports"),
        ("alert", "Silent"),
        ("page", "procedures/restart"),
    }
    places = {change.subject: change.address for change in gone}
    assert places["tree"] == "alerts/SlowReports.html"  # the page is still there, without the tree
    assert places["procedure"] == ""  # and this one is not
    assert {change.kind for change in changes(new, data)} == {Kind.ADDED}


def test_proofs_that_were_lost_come_first_and_say_why(data: Json, new: Json) -> None:
    for stamp in (data := copy.deepcopy(data))["stamps"]:
        stamp["state"] = "proven"
    new["facts"]["alerts"][1]["thresholds"] = ["1 s"]
    first, *rest = changes(data, new)
    assert first.kind is Kind.LOST
    assert first.says.startswith("Proof of the ") and ": lost. Not proven" in first.says
    assert rest[-1].subject == "threshold"
    assert all(change.kind is Kind.REGAINED for change in changes(new, data)[1:])
    gone = copy.deepcopy(new) | {"stamps": []}
    assert not [change for change in changes(data, gone) if change.subject == "proof"]  # what is gone needs no proof


def test_what_the_system_voids_is_one_line_a_section_and_comes_last(data: Json, new: Json) -> None:
    drill = new["stamps"][1] | {"kind": "drill", "name": "silence"}
    data, new = (edition | {"stamps": [*copy.deepcopy(edition["stamps"]), dict(drill)]} for edition in (data, new))
    for edition in (data, new):  # the drill ends at a fix of the tree
        edition["trees"] = copy.deepcopy(edition["trees"])
        edition["trees"][0]["nodes"][-1]["faults"] = ["silence"]
    for stamp in data["stamps"]:
        stamp["state"] = "proven"
    for stamp in new["stamps"]:
        stamp |= {"state": "void", "reason": "the system", "says": "Not proven since the system changed."}
    new["facts"]["alerts"][1]["thresholds"] = ["1 s"]
    first, *rest = changes(data, new)
    assert first.subject == "threshold"
    assert {change.says for change in rest if change.kind is Kind.LOST} == {
        "2 proofs: lost, as the system has changed.",
        "Proof of the procedure Restart station: lost. Not proven since the system changed.",
    }
    [many] = [change for change in rest if change.section == "alerts"]
    assert many.address == "alerts/SlowReports.html"
    assert "2 proofs: proven again." in said(new, data)


def fact(default: str, *options: OptionFact) -> LiveFacts:
    setting = SettingFact(
        *("api", "api.wait_s", "WAIT", "number", default, False, "s", 0.0, 60.0, False, False, ("10", "30")),
        *(False, True, "Wait.", "it", Place("")),
    )
    command = CommandFact("./pump", "./pump", "", "", options, (), (("0", "done"),), "", Place(""))
    return LiveFacts(settings=(setting,), commands=(command,))


def with_facts(data: Json, facts: LiveFacts) -> Json:
    shown = {
        kind: [fact | {"url": "reference.html#it"} for fact in found] for kind, found in shown_facts(facts).items()
    }
    for command in shown["commands"]:
        command["options"] = [option | {"url": ""} for option in command["options"]]
    return copy.deepcopy(data) | {"facts": shown}


def test_settings_and_options_of_commands(data: Json) -> None:
    quiet = OptionFact(("--quiet",), "", "", (), False, "Say nothing.")
    count = OptionFact(("--count",), "N", "3", (), False, "How many.")
    old = with_facts(data, fact("30", quiet, count))
    new = with_facts(data, fact("60", count._replace(default="5", required=True)))
    new["facts"]["settings"][0] |= {"maximum": "90 s", "restart": False, "choices": ["10", "60"]}
    assert said(old, new) == [
        "Choices of api.wait_s: new 60; gone 30.",
        "Default of api.wait_s: 30 s → 60 s.",
        "Greatest value of api.wait_s: 60 s → 90 s.",
        "Time of effect of api.wait_s: after a restart → at once.",
        "Default of option --count of ./pump: 3 → 5.",
        "Option --quiet of ./pump: removed.",
        "Use of option --count of ./pump: optional → required.",
    ]


def test_what_an_earlier_toolkit_did_not_write_is_not_compared(data: Json) -> None:
    old = {name: part for name, part in copy.deepcopy(data).items() if name not in ("facts", "contents")}
    for whole, parts in ((old["procedures"], "steps"), (old["trees"], "nodes")):
        for part in whole[0][parts]:
            del part["url"]
    assert changes(old, data) == [] == changes(data, old)
    old["trees"][0]["nodes"][2]["to"] = "the harbour"
    assert only(data, old).address == "alerts/SlowReports.html#tree-SlowReports"


def test_sections_have_the_titles_of_their_pages(data: Json, new: Json) -> None:
    new["facts"]["alerts"][1]["thresholds"] = ["1 s"]
    new["procedures"][0]["risk"] = "None."
    new["contents"][-1]["owner"] = "the keeper"
    assert list(sections(changes(data, new))) == ["alerts", "procedures", "manual"]
    assert section_title("manual", data) == "Stations" and section_title("war-room", data) == "War room"


OPPOSITE = {
    Kind.ADDED: Kind.REMOVED,
    Kind.REMOVED: Kind.ADDED,
    Kind.LOST: Kind.REGAINED,
    Kind.REGAINED: Kind.LOST,
    Kind.CHANGED: Kind.CHANGED,
    Kind.RENAMED: Kind.RENAMED,
}


@st.composite
def edited(draw: st.DrawFn, data: Json) -> Json:
    """The data with some of its parts taken away, doubled, moved, or with another text or number."""
    made = copy.deepcopy(data)
    for _ in range(draw(st.integers(0, 6))):
        wholes = made["procedures"] + made["trees"]
        lists = [made["procedures"], made["trees"], made["facts"]["alerts"], made["contents"], made["stamps"]]
        lists += [whole[part] for whole in wholes for part in ("steps", "nodes", "blanks") if part in whole]
        lists += [node["answers"] for whole in wholes for node in whole.get("nodes", ()) if "answers" in node]
        chosen = draw(st.sampled_from([found for found in lists if found] or [[{}]]))
        place = draw(st.integers(0, len(chosen) - 1))
        match draw(st.sampled_from(("less", "more", "order", "text"))):
            case "less":
                del chosen[place]
            case "more":
                chosen.append(copy.deepcopy(chosen[place]))
            case "order":
                chosen.reverse()
            case "text":
                texts = [name for name, value in chosen[place].items() if isinstance(value, str)]
                texts = [name for name in texts if name not in ("kind", "url", "state")]
                if texts:
                    chosen[place][draw(st.sampled_from(texts))] = draw(st.text(max_size=5))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.data())
def test_nothing_changes_into_itself_and_both_ways_tell_the_same(data: Json, found: st.DataObject) -> None:
    one, other = found.draw(edited(data)), found.draw(edited(data))
    assert changes(one, copy.deepcopy(one)) == []
    there, back = changes(one, other), changes(other, one)
    assert len(there) == len(back)
    # a thing with another name has it in one direction alone
    named = [
        sorted((c.kind, c.subject, c.name) for c in found if c.kind is not Kind.RENAMED) for found in (there, back)
    ]
    assert named[0] == sorted((OPPOSITE[kind], subject, name) for kind, subject, name in named[1])
    assert all(change.says.strip() and "\n" not in change.section for change in there)


@pytest.mark.parametrize("part", ["procedures", "trees", "stamps", "severities", "facts", "contents"])
@pytest.mark.parametrize("value", [3, [3], {"alerts": 3}, None])
def test_damaged_data_is_refused(part: str, value: object, data: Json) -> None:
    with pytest.raises(DataError, match="damaged"):
        changes(data, data | {part: value})


# the command


def saved(folder: Path, data: Json, version: str = "") -> Path:
    """The data of a version in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ops.json").write_text(json.dumps(data | {"manual": data["manual"] | {"version": version}}))
    return folder


@pytest.fixture
def two(tmp_path: Path, data: Json, new: Json) -> tuple[Path, Path]:
    new["facts"]["alerts"][1]["thresholds"] = ["800 ms"]
    new["procedures"][0]["risk"] = "None."
    return saved(tmp_path / "old", data, "v1"), saved(tmp_path / "new", new, "v2")


def test_the_command_lists_by_section(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    old, new = two
    assert main(["changes", str(old / "ops.json"), str(new)]) == 0
    assert capsys.readouterr().out == (
        "2 changes from v1 to v2.\n\nAlerts\n  Threshold of SlowReports: 500 ms → 800 ms.\n\n"
        "Procedures\n  Risk: Restart station: Its reports are missing meanwhile. → None.\n"
    )
    assert main(["changes", str(new), str(new), "--fail"]) == 0
    assert capsys.readouterr().out == "No changes since then.\n"


def test_the_command_tells_other_tools(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", *map(str, two), "--json", "--fail"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["since"], told["version"]) == ("v1", "v2")
    assert told["changes"][0] == {
        "kind": "changed",
        "subject": "threshold",
        "name": "SlowReports",
        "section": "alerts",
        "about": "Threshold of SlowReports",
        "what": "500 ms → 800 ms",
        "url": "alerts/SlowReports.html",
        "anchor": "",
        "says": "Threshold of SlowReports: 500 ms → 800 ms.",
    }


@pytest.mark.parametrize("place", ["current/v1/en", "v1/de", "v1"])
def test_a_version_is_found_in_a_published_manual(
    place: str, two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    (site / place).parent.mkdir(parents=True)
    two[0].rename(site / place)
    assert main(["changes", str(site), str(two[1]), "--since", "v1", "--fail"]) == 1
    assert capsys.readouterr().out.startswith("2 changes from v1 to v2.")


def test_what_cannot_be_read_is_named(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no JSON")
    (tmp_path / "list").write_text("[]")
    (tmp_path / "old").joinpath("future.json").write_text('{"schema": 2}')
    (tmp_path / "half").write_text(json.dumps({"schema": 1, "trees": []}))
    new = str(two[1])
    for arguments, words in (
        ([str(tmp_path / "none"), new], "drillbook: cannot read"),
        ([str(tmp_path), new], "ops.json: No such file or directory"),
        ([str(tmp_path / "text"), new], "text is no ops.json: "),
        ([str(tmp_path / "list"), new], "list is no ops.json: it has no schema"),
        ([str(two[0] / "future.json"), new], "has the format 2, and this reads 1"),
        ([str(tmp_path / "half"), new], "half is no ops.json: KeyError('procedures')"),
        ([str(tmp_path), new, "--since", "v7"], "has no version 'v7'; it has: none"),
        ([str(tmp_path), new, "--since", "../old"], "--since names a version"),
    ):
        assert main(["changes", *arguments]) == 2
        said = capsys.readouterr()
        assert words in said.err and len(said.err.splitlines()) == 1 and not said.out


# the page


def items(page: str) -> list[str]:
    """What the list of changes says, with its links as (text|address)."""
    shown = page.partition('<div class="ops ops-changes docutils container">')[2].partition("</section>")[0]
    found = re.sub(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', r"(\2|\1)", shown, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", "", found.replace("</li>", "\n").replace("</p>", "\n")))
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def with_page(folder: Path, since: str = "", **changed: str) -> Path:
    """The manual with the page of changes."""
    made = book(folder, index=BOOK.replace("```{toctree}\n", "```{toctree}\nchanges\n"), **changed)
    (made / "changes.md").write_text(CHANGED)
    if since:
        with (made / "conf.py").open("a") as conf:
            conf.write(f"\ndrillbook_changes_since = {since!r}\n")
    return made


def test_the_page_tells_what_has_changed_and_where(tmp_path: Path, build: Builder) -> None:
    old = build(with_page(tmp_path / "old"))
    assert items(old.text("changes.html"))[-1] == "There is no earlier version to compare with."
    changed = with_page(
        tmp_path / "new",
        "../old/_build/html",
        rules=RULES.replace("> 0.5", "> 0.8"),
        restart="# Restart\n\n" + PROCEDURE.replace("stations restart {{", "stations restart --hard {{"),
    )
    page = build(changed, "html", confoverrides={"release": "v2"})
    assert items(page.text("changes.html")) == [
        "2 changes since the earlier version.",
        "Alerts",
        "(Threshold of SlowReports|alerts/SlowReports.html): 500 ms → 800 ms.",
        "Procedures",
        "(Step 1 of Restart station, “Restart it”|procedures/restart.html#procedure-restart-station-Restart-it): command "
        "./stations restart {{ station }} → ./stations restart --hard {{ station }}.",
    ]


def test_the_page_is_written_again_when_something_changes(tmp_path: Path, build: Builder) -> None:
    build(with_page(tmp_path / "old"), confoverrides={"release": "v1"})
    folder = with_page(tmp_path / "new", "../old/_build/html/ops.json")
    assert items(build(folder).text("changes.html"))[-1] == "Nothing has changed since v1."
    (folder / "rules.yml").write_text((folder / "rules.yml").read_text().replace("for: 2m", "for: 9m"))
    again = build(folder)
    assert items(again.text("changes.html"))[-1].endswith("SlowReports fires|alerts/SlowReports.html): 2 min → 9 min.")


@pytest.mark.parametrize("builder", ["text", "man", "epub", "latex"])
def test_other_formats_have_it_too(builder: str, tmp_path: Path, build: Builder) -> None:
    build(with_page(tmp_path / "old"))
    folder = with_page(tmp_path / "new", "../old/_build/html", rules=RULES.replace("> 0.5", "> 0.8"))
    assert "Threshold of SlowReports" in build(folder, builder, warns=builder == "epub").everything()


def test_a_version_that_cannot_be_read_is_one_warning_at_its_line(tmp_path: Path, build: Builder) -> None:
    folder = with_page(tmp_path / "book", "none.json")
    (tmp_path / "book" / "other.md").write_text("---\norphan: true\n---\n" + CHANGED)
    done = build(folder, warns=True)
    [warning] = done.warnings.splitlines()
    line = (folder / "conf.py").read_text().splitlines().index("drillbook_changes_since = 'none.json'") + 1
    assert warning.startswith(f"conf.py:{line}: WARNING: drillbook_changes_since: cannot read ")
    assert warning.endswith("[drillbook.config]")
    assert items(done.text("changes.html"))[-1] == "The earlier version could not be read."
