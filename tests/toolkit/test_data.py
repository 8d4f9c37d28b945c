"""`ops.json`: whole, described by its schema, the same from every build, and read back as it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, FIX, GOOD, PROCEDURE, handbook, tree

from drillbook.live.facts import CommandFact, LiveFacts, OptionFact, Place, SettingFact
from drillbook.live.shown import shown_facts
from drillbook.model.compare import Mode
from drillbook.model.console import AS_SHOWN, How
from drillbook.model.contents import procedure_content
from drillbook.model.data import DataError, procedure_data, read_procedure, read_tree, tree_data

ASK = """\
:::{ops:check} ask
How many stations are down?

```console
$ ./stations status {{ station }}
0 down
```

- None: `exit 0 and number after "all" <= SlowReports.threshold` -> call
- Some: `not /0 down/` -> restart
- Otherwise -> query
:::

:::{ops:check} query
Does Prometheus know?

```promql
sum(up)
```

- A few: `value 1 .. 3` -> restart
- It does not: `no data` -> call
- Otherwise -> call
:::
"""
BLANK = ":::{ops:blank} station\n:type: choice\n:choices: north, south\n\nThe station.\n:::\n\n"


def data(built: Build) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(built.text("ops.json"))
    return loaded


@pytest.fixture
def built(tmp_path: Path, build: Callable[..., Build]) -> Build:
    first = "# Slow\n\n" + tree(BLANK + ASK, FIX, CALL) + "\n```{toctree}\nother\n```\n"
    return build(handbook(tmp_path / "book", first, other="# Restart\n\n" + PROCEDURE))


def test_it_is_what_its_schema_says(built: Build) -> None:
    schema = json.loads(built.text("ops.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data(built), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data(built) | {"trees": [{"name": "half"}]}, schema)


def test_it_has_all_that_the_pages_have(built: Build) -> None:
    found = data(built)
    [procedure], [one] = found["procedures"], found["trees"]
    assert procedure["url"] == "other.html#procedure-restart-station"
    assert procedure["steps"][0]["action"]["commands"][0]["text"] == "./stations restart {{ station }}"
    assert procedure["steps"][0]["confirm"]["text"] == "Confirm: it is up."
    assert [node["kind"] for node in one["nodes"]] == ["check", "check", "fix", "escalate"]
    assert one["nodes"][1]["query"].strip() == "sum(up)"
    assert one["nodes"][0]["answers"][0]["condition"]["words"].endswith('the number after "all" is at most 500 ms')
    assert one["nodes"][2]["values"] == {"station": "north"} and one["nodes"][2]["within_s"] == 300
    alerts = {alert["name"]: alert for alert in found["alerts"]}
    assert alerts["SlowReports"]["trees"] == ["SlowReports"] and alerts["Silent"]["trees"] == []


def placeless(whole: dict[str, Any]) -> dict[str, Any]:
    """A procedure or a tree without the addresses of its parts, which no model has."""
    parts = "steps" if "steps" in whole else "nodes"
    return whole | {parts: [{name: said for name, said in part.items() if name != "url"} for part in whole[parts]]}


def test_it_is_read_back_as_it_was(built: Build) -> None:
    for found in data(built)["trees"]:
        assert tree_data(read_tree(found)).items() <= placeless(found).items()
    for found in data(built)["procedures"]:
        assert procedure_data(read_procedure(found)).items() <= placeless(found).items()


def test_each_part_has_an_address_that_leads_to_it(built: Build) -> None:
    found = data(built)
    for whole in (*found["procedures"], *found["trees"]):
        for part in whole.get("steps") or whole["nodes"]:
            page, _, anchor = part["url"].partition("#")
            assert f'id="{anchor}"' in built.text(page)
    assert found["procedures"][0]["steps"][0]["url"] == "other.html#procedure-restart-station-Restart-it"


def test_the_address_of_a_step_is_that_of_its_words_and_no_part_of_what_is_proven(
    tmp_path: Path, build: Callable[..., Build]
) -> None:
    step = PROCEDURE[PROCEDURE.index("::::{ops:step}") : PROCEDURE.rindex(":::::")]
    look = step.replace("Restart it", "Look")
    longer = PROCEDURE.replace(step, look + "\n" + step + "\n" + look)
    found = data(build(handbook(tmp_path / "book", "# Restart\n\n" + longer)))["procedures"][0]
    assert [one["url"].partition("-station-")[2] for one in found["steps"]] == ["Look", "Restart-it", "0"]
    without = placeless(found)
    assert procedure_content(read_procedure(found)) == procedure_content(read_procedure(without))


def test_the_facts_are_said_as_pages_say_them(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = "# Rules\n\n```{ops:alerts}\n```\n"
    found = data(build(handbook(tmp_path / "book", page)))
    slow, silent = found["facts"]["alerts"][1], found["facts"]["alerts"][0]
    assert (slow["thresholds"], slow["for"], slow["severity"]) == (["500 ms"], "2 min", "SEV2")
    assert (silent["thresholds"], silent["for"]) == (["0", "3"], "0 s")
    assert slow["url"] == "index.html#alert-SlowReports"
    content = {"name": "index", "title": "Rules", "url": "index.html", "owner": "", "translation": None}
    assert found["contents"] == [content]


def test_facts_have_limits_and_options_and_no_secret() -> None:
    place = Place("")
    setting = SettingFact(
        *("api", "api.wait_s", "WAIT", "number", "30", False, "s", 0.0, 60.0, True, False, ()),
        *(False, True, "Wait.", "it", place),
    )
    key = setting._replace(name="api.key", default="hush", minimum=None, maximum=None, unit="", secret=True)
    option = OptionFact(("-n", "--count"), "N", "3", (), False, "How many.")
    command = CommandFact("./pump", "./pump", "", "", (option,), (), (("2", "usage"),), "", place)
    found = shown_facts(LiveFacts(settings=(setting, key), commands=(command,)))
    [secret, wait] = found["settings"]
    assert (wait["default"], wait["minimum"], wait["maximum"]) == ("30 s", "above 0 s", "60 s")
    assert "hush" not in json.dumps(found) and secret["default"] == "not shown"
    assert found["commands"][0]["options"][0] == {"name": "--count", "default": "3", "choices": [], "required": False}
    assert found["commands"][0]["exit_statuses"] == ["2 usage"]


def test_how_a_command_is_proven_is_there_and_is_read_back(tmp_path: Path, build: Callable[..., Build]) -> None:
    plain = """```console
$ ./stations status
"""
    told = """```{ops:example} console
:compare: contains
:status: 2
:within: 1 min
:time-limit: 90 s

$ ./stations status
"""
    procedure = PROCEDURE.replace(plain, told)
    built = build(handbook(tmp_path / "book", "# Restart\n\n" + procedure))
    jsonschema.validate(data(built), json.loads(built.text("ops.schema.json")))
    [found] = data(built)["procedures"]
    [step] = read_procedure(found).steps
    assert step.action.commands[0].how == AS_SHOWN
    assert step.confirm and step.confirm.commands[0].how == How(Mode.CONTAINS, 2, 60, 90)
    assert "It prints more than these lines. Its exit status is 2. If it is not so yet, repeat it" in step.confirm.text
    assert procedure_data(read_procedure(found)).items() <= placeless(found).items()


@pytest.mark.parametrize(
    "damage", [{"nodes": [{"kind": "leaf"}]}, {"nodes": [{}]}, {"nodes": 3}, {"blanks": [{"type": "x"}]}]
)
def test_damaged_data_is_refused_by_name(damage: dict[str, Any], built: Build) -> None:
    with pytest.raises(DataError, match="tree 'SlowReports' is damaged"):
        read_tree(data(built)["trees"][0] | damage)


def test_it_names_no_folder_and_no_time(tmp_path: Path, build: Callable[..., Build]) -> None:
    one, two = (build(handbook(tmp_path / name, GOOD)) for name in ("one", "two"))
    assert one.text("ops.json") == two.text("ops.json")
    assert str(tmp_path) not in one.text("ops.json")


def test_other_formats_have_none(tmp_path: Path, build: Callable[..., Build]) -> None:
    assert not (build(handbook(tmp_path / "book"), "text").output / "ops.json").exists()
