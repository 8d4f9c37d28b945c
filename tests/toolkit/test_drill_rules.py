"""Drill rules: what is shortened, what stays as it is written, and that any other difference is found."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.toolkit.building import Build
from tests.toolkit.handbook import CONF, handbook

from drillbook.live.facts import Place
from drillbook.live.promql import duration_s, tokens
from drillbook.proof.drill_rules import RulesError, Shortening, render, write_rules
from drillbook.proof.drill_rules_check import check_rules, compare

FILE = Path("pumps.yml")
SHORTENING = Shortening("2s", "15s", {"Full": {"1000": "15"}, "Dry": {"< 0.1": "< 0.5"}}, ("Hot",))
RULES = r"""# Rules of the pumps.
groups:
  - name: pumps
    interval: 30s
    rules:
      - record: flow:rate
        expr: sum(rate(flow_total{pump!="[5m]"}[5m] offset 5m)) / 1000  # per second
      - alert: Full
        expr: |
          # over 1000 [5m]
          level > 1000  and rate(a[1h30m]) > 0.1 or max_over_time(b[30m:1m]) > 10
        for: 5m
        labels: {severity: SEV2}
        annotations:
          summary: 'Over 1000 for 5m [5m]'
      - alert: Dry
        expr: "flow:rate{place=\"[5m]\"} <0.1 and rate(b[10s]) > 0.1"
        for: '1m'
      - alert: Hot
        expr: max_over_time(heat[1h]) > 3
        for: 10m
      - alert: Gone
        expr: absent(up)
        for: 1s
"""


def shortened(rules: str = RULES, shortening: Shortening = SHORTENING) -> str:
    return render(rules, FILE, shortening)[0]


def test_only_what_is_waited_for_becomes_shorter() -> None:
    rules = yaml.safe_load(shortened())["groups"][0]
    assert rules["interval"] == "30s"
    said = [(rule["expr"], rule.get("for")) for rule in rules["rules"]]
    assert said == [
        ('sum(rate(flow_total{pump!="[5m]"}[15s] offset 5m)) / 1000', None),
        ("# over 1000 [5m]\nlevel > 15  and rate(a[15s]) > 0.1 or max_over_time(b[15s:15s]) > 10\n", "2s"),
        ('flow:rate{place="[5m]"} < 0.5 and rate(b[10s]) > 0.1', "2s"),
        ("max_over_time(heat[1h]) > 3", "10m"),
        ("absent(up)", "1s"),
    ]
    assert rules["rules"][1]["annotations"] == {"summary": "Over 1000 for 5m [5m]"}
    assert shortened().startswith("# Rules of the pumps.\n") and "# per second" in shortened()


def test_without_limits_nothing_changes() -> None:
    assert shortened(shortening=Shortening("", "", {})) == RULES


def test_the_objects_of_kubernetes_are_rules_too() -> None:
    inside = "".join(f"  {line}\n" for line in RULES.splitlines())
    drill = shortened(f"kind: PrometheusRule\nspec:\n{inside}")
    assert yaml.safe_load(drill)["spec"] == yaml.safe_load(shortened())
    assert compare(f"kind: PrometheusRule\nspec:\n{inside}", drill, FILE, SHORTENING) == []


@pytest.mark.parametrize(
    ("literal", "says"),
    [
        ("99", "the threshold '99' stands not in the rule of Full"),
        ("5", "stands not"),
        ("100", "stands not"),
        ("0.1", "stands not 1 time"),
    ],
)
def test_a_literal_that_is_not_there_is_refused_where_it_was_looked_for(literal: str, says: str) -> None:
    if literal == "0.1":
        rules, says = RULES.replace("level > 1000", "level > 0.1"), "stands 2 times in the rule of Full. Write its"
    else:
        rules = RULES
    with pytest.raises(RulesError, match=re.escape(says)) as caught:
        shortened(rules, SHORTENING._replace(thresholds={"Full": {literal: "1"}}))
    assert caught.value.place == Place("pumps.yml", 8)


def test_files_are_written_under_their_names_and_old_ones_go(tmp_path: Path) -> None:
    (tmp_path / "pumps.yml").write_text(RULES)
    drill = tmp_path / "drill"
    drill.mkdir()
    (drill / "old.yml").write_text("groups: []")
    conf = Place("conf.py", 3)
    write_rules([tmp_path / "pumps.yml"], drill, SHORTENING, conf)
    assert {file.name: file.read_text() for file in drill.iterdir()} == {"pumps.yml": shortened()}
    assert check_rules([tmp_path / "pumps.yml"], drill, SHORTENING) == []
    (drill / "more.yml").write_text("groups: []")
    (drill / "pumps.yml").unlink()
    problems = check_rules([tmp_path / "pumps.yml"], drill, SHORTENING)
    assert [problem.message.partition(":")[0] for problem in problems] == [
        "there is no such rule file in production",
        "cannot compare the drill rules with it",
    ]
    with pytest.raises(RulesError, match="there is no alert Empty whose threshold '3' could change") as caught:
        write_rules([tmp_path / "pumps.yml"], drill, SHORTENING._replace(thresholds={"Empty": {"3": "1"}}), conf)
    assert caught.value.place == conf
    with pytest.raises(RulesError, match="another rule file has this name"):
        write_rules([tmp_path / "pumps.yml", tmp_path / "other" / "pumps.yml"], drill, SHORTENING, conf)
    with pytest.raises(RulesError, match="cannot read the rule file"):
        write_rules([tmp_path / "none.yml"], drill, SHORTENING, conf)
    (tmp_path / "bad.yml").write_text("groups: [")
    with pytest.raises(RulesError, match="not valid YAML"):
        write_rules([tmp_path / "bad.yml"], drill, SHORTENING, conf)


def test_what_was_rendered_differs_in_nothing_else() -> None:
    assert compare(RULES, shortened(), FILE, SHORTENING) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("level > 15", "level > 14", "'14' stands in place of '1000': conf.py does not name it"),
        ("level > 15", "level >= 15", "'>=' stands in place of '>': conf.py does not name it"),
        ("level > 15", "levels > 15", "'levels' stands in place of 'level'"),
        ("level > 15", "level + 1 > 15", "the expression is another"),
        ("a[15s]", "a[14s]", "a window is 14s, and not 1h30m cut to 15s"),
        ("a[15s]", "a[1h30m]", "a window is 1h30m, and not 1h30m cut to 15s"),
        ("b[10s]", "b[5s]", "a window is 5s, and not 10s cut to 15s"),
        ("b[10s]", "b[15s]", "a window is 15s, and not 10s cut to 15s"),
        ("offset 5m", "offset 2s", "'2s' stands in place of '5m'"),
        ('pump!="[5m]"', 'pump!="[15s]"', "stands in place of"),
        ("/ 1000", "/ 15", "'15' stands in place of '1000'"),
        ("for: 2s\n        labels", "for: 1s\n        labels", "'for' is '1s', and not '5m' cut to 2s"),
        ("for: 2s\n        labels", "for: 5m\n        labels", "'for' is '5m', and not '5m' cut to 2s"),
        ("for: 2s\n        labels", "labels", "groups.0.rules.1 has"),
        ("for: 1s", "for: 2s", "'for' is '2s', and not '1s' cut to 2s"),
        ("for: 10m", "for: 2s", "groups.0.rules.3.for is '2s', and not '10m'"),
        ("SEV2", "SEV3", "groups.0.rules.1.labels.severity is 'SEV3', and not 'SEV2'"),
        ("Over 1000", "Over 15", "groups.0.rules.1.annotations.summary is"),
        ("interval: 30s", "interval: 1s", "groups.0.interval is '1s', and not '30s'"),
        ("alert: Gone", "alert: Away", "groups.0.rules.4.alert is 'Away', and not 'Gone'"),
        ("alert: Gone", "record: Gone", "groups.0.rules.4 has"),
        (
            "      - alert: Gone\n        expr: absent(up)\n        for: 1s\n",
            "",
            "groups.0.rules has 4 items, and not 5",
        ),
        ("name: pumps", "name: 5", "groups.0.name is something else"),
        ("groups:", "[]\n---\ngroups:", "is something else"),
    ],
)
def test_any_other_difference_is_found(old: str, new: str, says: str) -> None:
    drill = shortened()
    assert drill.count(old) >= 1
    found = compare(RULES, drill.replace(old, new, 1), FILE, SHORTENING)
    assert found and says in found[0].message, found
    assert found[0].place.file == "pumps.yml"


@pytest.mark.parametrize(
    ("expression", "literals", "says"),
    [
        ("a > 1000", {"1000": "2000"}, "it would fire later"),
        ("1000 < a", {"1000": "2000"}, "it would fire later"),
        ("a <= 9", {"9": "3"}, "it would fire later"),
        ("9 >= a", {"9": "3"}, "it would fire later"),
        ("a == 9", {"9": "3"}, "it is not a bound of the alert"),
        ("quantile(9, a) > 1", {"9": "3"}, "it is not a bound of the alert"),
        ("a > 9 * b", {"9": "3"}, "it is a part of a calculation"),
        ("b * 9 < a", {"9": "3"}, "it is a part of a calculation"),
        ("a > 1 unless b > 9", {"9": "3"}, "with 'unless' nobody can say which way fires sooner"),
        ("absent(a > 9)", {"9": "3"}, "with 'absent'"),
        ("(a > bool 9) < 1", {"9": "3"}, "with 'bool'"),
    ],
)
def test_a_threshold_that_would_not_fire_sooner_is_found(expression: str, literals: dict[str, str], says: str) -> None:
    rules = f"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: {expression}\n"
    shortening = Shortening("2s", "15s", {"A": literals})
    found = compare(rules, shortened(rules, shortening), FILE, shortening)
    assert len(found) == 1 and says in found[0].message
    assert found[0].place == Place("pumps.yml", 5)


@pytest.mark.parametrize("expression", ["a > 9", "9 < a", "a >= 9 and b"])
def test_a_threshold_that_fires_sooner_is_right(expression: str) -> None:
    rules = f"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: {expression}\n"
    shortening = Shortening("2s", "15s", {"A": {"9": "3"}})
    assert compare(rules, shortened(rules, shortening), FILE, shortening) == []


def test_every_character_of_an_expression_counts() -> None:
    drill = shortened()
    start = drill.index("level > 15")
    for index in range(start, drill.index("\n", start)):
        letter = drill[index]
        if letter.isspace():
            continue
        changed = f"{drill[:index]}{'7' if letter != '7' else '8'}{drill[index + 1 :]}"
        assert compare(RULES, changed, FILE, SHORTENING), drill[start : index + 1]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("1500ms", 1.5), ("1w", 604800), ("5", None), ("m", None), ("", None)],
)
def test_durations_are_those_of_prometheus(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


def test_what_is_no_token_is_kept_too() -> None:
    assert [token.text for token in tokens('a[5m:1m] ~ ! "é\\"" #x\n.5e3 0x1F')] == [
        *("a", "[", "5m", ":", "1m", "]", "~", "!", '"é\\""', ".5e3", "0x1F"),
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"fore": "2s"}, "must have the keys 'for', 'window', 'thresholds' and 'unchanged'"),
        ({"for": "2 seconds"}, "must have a duration such as '2s' as 'for', not '2 seconds'"),
        ({"window": 15}, "must have a duration such as '2s' as 'window', not 15"),
        ({"thresholds": {"Full": "1000"}}, "must map alerts to literals"),
        ({"thresholds": {"Full": {"1000": 15}}}, "must replace a number by a number"),
        ({"thresholds": {"Full": {"> 1000": "< 15"}}}, "must replace a number by a number, or '> 9' by '> 3'"),
        ({"unchanged": "CpuHigh"}, "must have a list of alerts as 'unchanged'"),
    ],
)
def test_the_option_is_checked(value: object, says: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    folder = handbook(tmp_path / "book")
    (folder / "conf.py").write_text(f"{CONF}drillbook_drill = {value!r}\n")
    warnings = build(folder, warns=True).warnings
    assert f"drillbook_drill {says}" in warnings
    assert re.match(r"conf\.py:9: WARNING: ", warnings)


@pytest.mark.skipif(not shutil.which("promtool"), reason="Prometheus is not installed here")
def test_prometheus_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(shortened())
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
