"""`ops:toolkit` shows the toolkit's own parts, none of them without a word; `ops:schema` shows a JSON Schema."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from sphinx.util.inventory import InventoryFile
from tests.toolkit.building import Build
from tests.toolkit.handbook import handbook

import drillbook
from drillbook.config.options import OPTIONS
from drillbook.live.commands import collect_commands
from drillbook.live.facts import LiveFacts
from drillbook.live.gaps import gaps
from drillbook.output.uml import Uml
from drillbook.pages.declared import Declared
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.toolkit import role_says, said
from drillbook.pages.toolkit import COMMANDS, PARTS
from drillbook.warn import Warn

PACKAGE = Path(drillbook.__file__).parent
Builder = Callable[..., Build]


def directives() -> dict[str, type[Any]]:
    registered = MagicMock()
    drillbook.setup(registered)
    found = {f"ops:{call.args[1]}": call.args[2] for call in registered.add_directive_to_domain.call_args_list}
    return found | {"uml": Uml}


def roles() -> dict[str, Any]:
    registered = MagicMock()
    drillbook.setup(registered)
    added = {call.args[1]: call.args[2] for call in registered.add_role_to_domain.call_args_list}
    return {f"ops:{name}": role for name, role in (added | OpsDomain.roles).items()}


def test_nothing_of_the_toolkit_is_without_a_description() -> None:
    missing = []
    for name, cls in directives().items():
        takes = cls.required_arguments + cls.optional_arguments
        missing += [name] if not said(cls) else []
        missing += [f"{name}: its argument"] if takes and not cls.argument else []
        missing += (
            [f"{name}: [argument]"] if (cls.required_arguments == 0) != cls.argument.startswith("[") and takes else []
        )
        missing += [f"{name}: what it holds"] if cls.has_content and not cls.holds else []
        for option, declared in (cls.option_spec or {}).items():
            described = isinstance(declared, Declared) and declared.type and declared.help.endswith(".")
            missing += [] if described else [f"{name} :{option}:"]
    missing += [name for name, role in roles().items() if not (role_says(role) and role.argument)]
    missing += [option.name for option in OPTIONS if not (option.help and said(option.check))]
    missing += [kind for kind in Warn if not (kind.__doc__ and kind.mend)]
    missing += [problem.message for problem in gaps(LiveFacts(commands=tuple(collect_commands(COMMANDS))))]
    assert not missing


def test_every_kind_of_warning_is_given_by_some_code() -> None:
    code = "\n".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    problems = set(re.findall(r'"(\w+)"', inspect.getsource(inspect.getmodule(gaps)) + code))
    assert not [kind for kind in Warn if f"Warn.{kind.name}" not in code and kind.value not in problems]


@pytest.fixture
def shown(tmp_path: Path, build: Builder) -> Callable[..., Build]:
    """A manual with all parts of the toolkit, a page each."""
    pages = {part: f"# {part}\n\n```{{ops:toolkit}} {part}\n```\n" for part in PARTS}
    links = "# Links\n\n{ops:warning}`drillbook.blank`, {ops:directive}`ops:tree`, {ops:role}`ops:fact`, "
    links += "{ops:option}`drillbook_stack`, {ops:command}`drillbook walk`, {option}`drillbook walk --run`\n\n"
    links += "```{toctree}\n" + "\n".join(pages) + "\n```\n"
    return lambda builder="html": build(handbook(tmp_path / "book", links, **pages), builder)


def test_each_part_is_an_entry_that_links_and_the_search_find(shown: Callable[..., Build]) -> None:
    done = shown()
    inventory = InventoryFile.loads((done.output / "objects.inv").read_bytes(), uri="").data
    assert set(inventory["ops:directive"]) == set(directives())
    assert set(inventory["ops:role"]) == set(roles())
    assert set(inventory["ops:option"]) == {option.name for option in OPTIONS}
    assert set(inventory["ops:warning"]) == {f"drillbook.{kind}" for kind in Warn}
    assert {"drillbook walk", "drillbook review"} < set(inventory["ops:command"])
    page = done.text("index.html")
    for link in (
        "warnings.html#warning-drillbook.blank",
        "directives.html#directive-ops-tree",
        "roles.html#role-ops-fact",
        "options.html#option-drillbook_stack",
        "commands.html#command-drillbook-walk",
        "commands.html#option-drillbook-walk-run",
    ):
        assert f'href="{link}"' in page
    assert ["toolkit", "drillbook.blank"] in [record[:2] for record in done.index()["records"]]


def test_they_read_well_as_text(shown: Callable[..., Build]) -> None:
    done = shown("text")
    directive = " ".join(done.text("directives.txt").split())
    assert "ops:fix NAME" in directive and '":within:" (duration, needed) How soon the alert clears' in directive
    assert 'Stands in: "ops:tree"' in directive and 'Declared in: "drillbook.pages.trees"' in directive
    assert 'Default: "30"' in " ".join(done.text("options.txt").split())
    assert "Mend: Declare it above with" in " ".join(done.text("warnings.txt").split())
    assert "{ops:fact}`FACT`" in done.text("roles.txt")


def test_an_unknown_part_is_refused_at_its_line(tmp_path: Path, build: Builder) -> None:
    done = build(handbook(tmp_path / "book", "# Parts\n\n```{ops:toolkit} bugs\n```\n"), warns=True)
    assert done.warnings == (
        "index.md:3: WARNING: ops:toolkit shows one of directives, roles, options, warnings, commands, not 'bugs' "
        "[drillbook.unknown]"
    )


SCHEMA = {
    "title": "Ferry",
    "description": "A ferry.",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "What it is called."},
        "seats": {"type": "integer", "minimum": 1, "description": "How many may sit."},
        "deck": {"enum": ["upper", "lower", None], "description": "Where one sits."},
        "crew": {"type": "array", "items": {"$ref": "#/$defs/sailor"}, "description": "Who sails it."},
        "master": {"$ref": "#/$defs/sailor"},
    },
    "required": ["name"],
    "$defs": {
        "sailor": {
            "description": "Somebody who sails.",
            "oneOf": [
                {"description": "A captain.", "properties": {"rank": {"const": 1, "description": "The first."}}},
                {
                    "description": "A cook.",
                    "properties": {"dish": {"type": ["string", "null"], "description": "The best."}},
                },
            ],
        }
    },
}
PAGE = "# Data\n\n```{ops:schema} ferry.json\n```\n"


def with_schema(folder: Path, content: object) -> Path:
    book = handbook(folder / "book", PAGE)
    (book / "ferry.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return book


def test_a_schema_is_shown_with_types_and_meanings(tmp_path: Path, build: Builder) -> None:
    book = with_schema(tmp_path, SCHEMA)
    text = " ".join(build(book, "text").text("index.txt").split())
    for words in (
        "Ferry object A ferry.",
        '"name" (string) What it is called.',
        '"seats" (integer, at least 1, may be left out) How many may sit.',
        '(one of "upper", "lower", "null", may be left out)',
        '"crew" (list of "sailor", may be left out) Who sails it.',
        '"master" ("sailor", may be left out) Somebody who sails.',
        "One of these: * A captain.",
        '"rank" (always "1", may be left out) The first.',
        '"dish" (string or null, may be left out) The best.',
    ):
        assert words in text
    page = build(book).text("index.html")
    assert 'href="#schema-sailor"' in page and 'id="schema-sailor"' in page


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot read the schema 'ferry.json': "),
        ("{", "cannot read the schema 'ferry.json': Expecting property name"),
        ("[]", "ferry.json is no JSON Schema: "),
        ({"properties": ["name"]}, "ferry.json is no JSON Schema: "),
        (
            {"properties": {"name": {"type": "string"}, "port": {"properties": {"pier": {}}, "description": "Where."}}},
            "ferry.json describes nowhere what is meant by name, port.pier",
        ),
    ],
)
def test_what_is_no_schema_is_refused_at_its_line(content: object, says: str, tmp_path: Path, build: Builder) -> None:
    book = with_schema(tmp_path, content or "")
    if content is None:
        (book / "ferry.json").unlink()
    (warning,) = build(book, warns=True).warnings.splitlines()
    assert warning.startswith(f"index.md:3: WARNING: {says}") and warning.endswith("[drillbook.schema]")


def test_a_schema_of_a_package_is_found_by_its_name(tmp_path: Path, build: Builder) -> None:
    page = PAGE.replace("ferry.json", "drillbook.output:ops.schema.json")
    text = build(handbook(tmp_path / "book", page), "text").text("index.txt")
    assert "Drillbook operations manual object" in text
    other = handbook(tmp_path / "other", PAGE.replace("ferry.json", "no.such.package:it.json"))
    assert "cannot read the schema 'no.such.package:it.json'" in build(other, warns=True).warnings
