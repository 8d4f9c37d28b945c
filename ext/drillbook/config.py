"""Every option of conf.py, declared once: its type, its default, what it may be, and what it is for."""

import ast
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util.tags import Tags

from drillbook.live.collect import Sources
from drillbook.live.facts import Place
from drillbook.live.promql import NUMBER, duration_s
from drillbook.warn import Warn, guarded, warn

_VARIABLE: Final = re.compile(r"\$[A-Za-z_]\w*")
_NAME = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_LITERAL = re.compile(rf"(?:([<>]=?)\s*)?{NUMBER}")
_MEASUREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_ADDRESS = re.compile(r"(https?://[^\s/?#@]+)?/(?!/)[^\s?#]*")
_SOURCE = re.compile(rf"{_NAME}(:{_NAME})?")


def is_source(value: object) -> str | None:
    """``"package.module:attribute"``, or empty for none."""
    if isinstance(value, str) and (value == "" or _SOURCE.fullmatch(value)):
        return None
    return f'must be "package.module:attribute", not {value!r}'


def is_sources(value: object) -> str | None:
    """A list of ``"package.module:attribute"``."""
    if not isinstance(value, list | tuple):
        return f"must be a list, not {value!r}"
    return next(filter(None, map(is_source, value)), None)


def is_named_sources(value: object) -> str | None:
    """``{"name": "package.module:attribute"}``."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
        return f'must map names to "package.module:attribute", not {value!r}'
    return is_sources(list(value.values()))


def is_settings(value: object) -> str | None:
    """Named sources, or one source of a mapping."""
    return is_source(value) if isinstance(value, str) else is_named_sources(value)


def is_globs(value: object) -> str | None:
    """A list of glob patterns."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item for item in value):
        return None
    return f"must be a list of file name patterns, not {value!r}"


def is_rule_globs(value: object) -> str | None:
    """A list of glob patterns, or, from the command line, one."""
    return is_globs([value]) if isinstance(value, str) else is_globs(value)


def is_text(value: object) -> str | None:
    """Any text."""
    return None if isinstance(value, str) else f"must be a text, not {value!r}"


def is_words(value: object) -> str | None:
    """A list of beginnings of commands."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item.strip() for item in value):
        return _unreadable(value)
    return f"must be a list of the beginnings of commands, not {value!r}"


def _unreadable(commands: Iterable[str]) -> str | None:
    for command in commands:
        try:
            shlex.split(command)
        except ValueError as error:
            return f"has {command!r}, which cannot be read: {error}"
    return None


def is_folder(value: object) -> str | None:
    """A folder below another, by its relative name."""
    path = PurePosixPath(value) if isinstance(value, str) else None
    if path and path.parts and not path.is_absolute() and ".." not in path.parts:
        return None
    return f"must be the relative name of a folder, not {value!r}"


STACK_COMMANDS: Final = ("fetch", "up", "down", "status", "snapshot", "fault", "enter", "secrets", "sql")
_PLACES: Final = {"scratch": "", "rules": "", "site": ""}


def is_stack(value: object) -> str | None:
    """Commands and words by their names, ``environment`` of such, and ``shows`` a list of folders."""
    if not isinstance(value, Mapping):
        return f"must map names to commands, not {value!r}"
    for name, item in value.items():
        if name == "environment":
            if not isinstance(item, Mapping) or not all(
                isinstance(word, str) for pair in item.items() for word in pair
            ):
                return f"must map names to text in 'environment', not {item!r}"
            for text in item.values():
                try:
                    text.format(**_PLACES)
                except (LookupError, ValueError):
                    return f"has {text!r} in 'environment': the places are {{scratch}}, {{rules}} and {{site}}"
        elif name == "shows":
            if problem := is_globs(item):
                return f"has for 'shows' what {problem}"
        elif name not in (*STACK_COMMANDS, "folder", "http"):
            return f"has {name!r}, which is none of {', '.join((*STACK_COMMANDS, 'folder', 'http', 'environment', 'shows'))}"
        elif not isinstance(item, str):
            return f"must have text for {name!r}, not {item!r}"
    return None


def is_measurements(value: object) -> str | None:
    """``{"name": {"command": "./measure.sh", "code": ["measure/*"]}}``."""
    if not isinstance(value, Mapping):
        return f'must map names to {{"command": ..., "code": [...]}}, not {value!r}'
    for name, made in value.items():
        if not isinstance(name, str) or not _MEASUREMENT.fullmatch(name):
            return f"has the name {name!r}: use letters, digits, and -"
        if not isinstance(made, Mapping) or not {"command"} <= set(made) <= {"command", "code"}:
            return f"must have a command, and may have code, for {name!r}, not {made!r}"
        if not isinstance(made["command"], str) or not made["command"].strip():
            return f"must have a command for {name!r}, not {made['command']!r}"
        if problem := is_globs(made.get("code", [])):
            return f"has for the code of {name!r} what {problem}"
    return None


def is_bool(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"must be True or False, not {value!r}"


def is_positive(value: object) -> str | None:
    """A number above zero."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return None
    return f"must be a number above 0, not {value!r}"


def is_gates(value: object) -> str | None:
    """``{"accuracy": percent, "missing": [names], "stamps": False}``, any of them."""
    if not isinstance(value, Mapping) or not set(value) <= {"accuracy", "missing", "stamps"}:
        return f"""must be {{"accuracy": percent, "missing": [names]}}, not {value!r}"""
    percent, missing = value.get("accuracy", 0), value.get("missing", [])
    if not isinstance(percent, int | float) or isinstance(percent, bool) or not 0 <= percent <= 100:
        return f"has the accuracy {percent!r}, which is no percentage"
    if not isinstance(missing, list | tuple) or not all(isinstance(item, str) for item in missing):
        return f"must have a list of names for 'missing', not {missing!r}"
    if value.get("stamps", True) not in (True, False, "0", "1"):  # a command line gives texts
        return f"must have True or False for 'stamps', not {value['stamps']!r}"
    return None


def is_drill(value: object) -> str | None:
    """How production's rules become drill rules."""
    if not isinstance(value, Mapping) or not value.keys() <= {"for", "window", "thresholds", "unchanged"}:
        return f"must have the keys 'for', 'window', 'thresholds' and 'unchanged', not {value!r}"
    for key in ("for", "window"):
        if key in value and (not isinstance(value[key], str) or duration_s(value[key]) is None):
            return f"must have a duration such as '2s' as {key!r}, not {value[key]!r}"
    thresholds = value.get("thresholds", {})
    if not isinstance(thresholds, Mapping) or not all(
        isinstance(literals, Mapping) for literals in thresholds.values()
    ):
        return f"must map alerts to literals, and those to others, as 'thresholds', not {thresholds!r}"
    for old, new in (pair for literals in thresholds.values() for pair in literals.items()):
        both = [_LITERAL.fullmatch(text) if isinstance(text, str) else None for text in (old, new)]
        if not all(both) or len({match and match[1] for match in both}) > 1:
            return f"must replace a number by a number, or '> 9' by '> 3', not {old!r} by {new!r}"
    unchanged = value.get("unchanged", [])
    if not isinstance(unchanged, list | tuple) or not all(isinstance(name, str) for name in unchanged):
        return f"must have a list of alerts as 'unchanged', not {unchanged!r}"
    return None


def is_file_name(value: object) -> str | None:
    """The name of a file, or empty for none."""
    return None if isinstance(value, str) else f"must be the name of a file, not {value!r}"


def is_address(value: object) -> str | None:
    """``/path`` on the server of the pages, ``https://host/path``, or empty for none."""
    if isinstance(value, str) and (value == "" or _ADDRESS.fullmatch(value)):
        return None
    return f"must be an address such as '/-/feedback' or 'https://host/-/feedback', not {value!r}"


def is_share(value: object) -> str | None:
    """A number from 0 to 1."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return None
    return f"must be a number from 0 to 1, not {value!r}"


_HANDLE: Final = re.compile(r"@{1,2}[\w.-]+(/[\w.-]+)*|[^@\s]+@[^@\s]+")


def is_owners(value: object) -> str | None:
    """`{"shop on-call": "@shop-oncall", "editors": {"handle": "editors@shop.example", "notify": "$EDITORS"}}`."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and name.strip() for name in value):
        return f"must map owners, in the words of the pages, to handles, not {value!r}"
    for name, given in value.items():
        fields = {"handle": given} if isinstance(given, str) else given
        if not isinstance(fields, Mapping) or not fields or not fields.keys() <= {"handle", "notify"}:
            return f"must have a handle, or a mapping of 'handle' and 'notify', for {name!r}"  # what is there may be a secret
        handle, notify = fields.get("handle"), fields.get("notify")
        if "handle" in fields and not (isinstance(handle, str) and _HANDLE.fullmatch(handle)):
            return f"must have '@name', '@group/team' or an address of mail as the handle of {name!r}, not {handle!r}"
        if "notify" in fields and not (isinstance(notify, str) and _VARIABLE.fullmatch(notify)):
            return f"must name for 'notify' of {name!r} the environment variable with the secret address, such as '$SHOP_ONCALL'"
    return None


PDF: Final = {
    "paper": "a4",
    "large": False,
    "standard": "ua-1",
    "contacts": "contacts.csv",
    "title": "",  # "Operations manual", in its language
    "first": (),
    "fonts": "",
    "letters": {},
}
PAPERS: Final = ("a4", "letter")
STANDARDS: Final = ("", "ua-1", "a-2a", "a-2b", "a-2u", "a-3a", "a-3b", "a-3u")


def is_pdf(value: object) -> str | None:
    """How the PDF is made: some of the keys of PDF."""
    if not isinstance(value, Mapping) or not value.keys() <= PDF.keys():
        return f"must have keys of {', '.join(PDF)}, not {value!r}"
    for key, allowed in (("paper", PAPERS), ("standard", STANDARDS), ("large", (True, False))):
        if key in value and value[key] not in allowed:
            return f"must have one of {', '.join(map(repr, allowed))} as {key!r}, not {value[key]!r}"
    if isinstance(value.get("first", ()), str) or not all(isinstance(name, str) for name in value.get("first", ())):
        return f"must have a list of pages as 'first', not {value['first']!r}"
    letters = value.get("letters", {})
    if not isinstance(letters, Mapping) or any(is_globs(files) for files in letters.values()):
        return f"must map languages to lists of files of fonts as 'letters', not {letters!r}"
    for key in ("contacts", "title", "fonts"):
        if not isinstance(value.get(key, ""), str):
            return f"must have a text as {key!r}, not {value[key]!r}"
    return None


OPEN_SCHEMES: Final = ("json", "jsons", "form", "forms", "xml", "xmls")


def is_notify(value: object) -> str | None:
    """`[{"to": "$VARIABLE", "sections": ["alerts"]}]`; `to` may be an address of Apprise that holds no secret."""
    if not isinstance(value, list | tuple):
        return f"must be a list, not {value!r}"
    for target in value:
        if not isinstance(target, Mapping) or not {"to"} <= target.keys() <= {"to", "sections"}:
            return (
                'must have a mapping with "to", and perhaps "sections", for each target'  # what it has may be a secret
            )
        sections = target.get("sections", [])
        if not isinstance(sections, list | tuple) or not all(isinstance(name, str) for name in sections):
            return f"must have a list of sections, not {sections!r}"
        if problem := _open(target["to"]):
            return problem
    return None


def _open(to: object) -> str | None:
    """Why an address cannot stand in conf.py. It is not repeated: it may hold a secret."""
    if isinstance(to, str) and _VARIABLE.fullmatch(to):
        return None
    try:
        parts = urlsplit(to) if isinstance(to, str) else None
        if parts and parts.scheme in OPEN_SCHEMES and parts.hostname and parts.username is parts.password is None:
            return None
    except ValueError:  # what is no address
        pass
    return (
        'has a "to" that is neither the name of an environment variable, such as "$OPS_CHAT", nor an address '
        f"without a user, of {', '.join(OPEN_SCHEMES)}: others hold secrets, which belong into a variable"
    )


PORTAL: Final = {
    "url": "",
    "versions": {"tags": ["v*"], "branches": ["main"], "keep": 10},
    "languages": ["en"],
    "setup": "",
    "python": ".venv/bin/python",
    "deployed": "",
    "keep": 3,
    "redirects": {},
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]+)*")


def is_portal(value: object) -> str | None:
    """How the manual is published: some of the keys of PORTAL."""
    if not isinstance(value, Mapping) or not value.keys() <= PORTAL.keys():
        return f"must have keys of {', '.join(PORTAL)}, not {value!r}"
    for key in ("url", "setup", "python", "deployed"):
        if not isinstance(value.get(key, ""), str):
            return f"must have a text as {key!r}, not {value[key]!r}"
    if value.get("url") and not re.fullmatch(r"https?://[^\s?#]+", value["url"]):
        return f"must have an address such as 'https://docs.example.org/manual' as 'url', not {value['url']!r}"
    languages = value.get("languages", ["en"])
    if not isinstance(languages, list | tuple) or not languages or not all(map(_is_language, languages)):
        return f"must have a list of languages such as 'en' or 'zh_CN' as 'languages', not {languages!r}"
    if not isinstance(keep := value.get("keep", 0), int) or isinstance(keep, bool) or keep < 0:
        return f"must have a number of old releases as 'keep', not {keep!r}"
    redirects = value.get("redirects", "")
    if not isinstance(redirects, str) and is_redirects(redirects):
        return f"has for 'redirects' what {is_redirects(redirects)}"
    return _are_versions(value.get("versions", {}))


def is_redirects(value: object) -> str | None:
    """``{"old/page": "new/page"}``, or ``None`` for a page that is gone."""
    if not isinstance(value, Mapping):
        return f"must map old pages to new ones, not {value!r}"
    for old, new in value.items():
        if not isinstance(old, str) or not old or not (new is None or (isinstance(new, str) and new)):
            return f"must map a page to a page, or to None when it is gone, not {old!r} to {new!r}"
        for page in filter(None, (old, new)):
            if page.startswith("/") or ".." in page.split("/") or ":" in page or page.endswith(".html"):
                return f"must name a page as a toctree does, 'alerts/HighLatency', not {page!r}"
    return None


def _is_language(value: object) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _are_versions(value: object) -> str | None:
    if not isinstance(value, Mapping) or not value.keys() <= {"tags", "branches", "keep"}:
        return f"must have 'tags', 'branches' and 'keep' as 'versions', not {value!r}"
    for key in ("tags", "branches"):
        if key in value and not isinstance(value[key], str) and (problem := is_globs(value[key])):
            return f"has for {key!r} what {problem}"
    keep = value.get("keep", 1)
    if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1:
        return f"must keep a number of releases above 0, not {keep!r}"
    return None


REBUILD: Final = ""  # nothing: facts are compared by digests, so a new source re-reads only the pages that show it


class Option(NamedTuple):
    """An option of conf.py. ``check`` answers what is wrong with a value, or ``None``."""

    name: str
    default: Any
    check: Callable[[object], str | None]
    help: str


OPTIONS = (
    Option(
        "drillbook_settings",
        {},
        is_settings,
        'Settings: `{"component": "package.module:Class"}` of pydantic-settings classes, or '
        '`"package.module:NAME"` of such a mapping.',
    ),
    Option(
        "drillbook_alerts",
        [],
        is_rule_globs,
        "Alerts: patterns of Prometheus rule files, relative to the folder of conf.py.",
    ),
    Option(
        "drillbook_metrics",
        [],
        is_sources,
        'Metrics: `"package.module:REGISTRY"` of a registry or a list, or `"package.module"`.',
    ),
    Option(
        "drillbook_commands",
        {},
        is_named_sources,
        'Commands: `{"./tool.py": "package.module:parser"}`, a function that gives an `ArgumentParser`.',
    ),
    Option(
        "drillbook_routes",
        "",
        is_source,
        'Routes: `"package.module:app"`, an OpenAPI document, an application with `openapi()`, or a function '
        "that gives either.",
    ),
    Option(
        "drillbook_errors",
        "",
        is_source,
        'Errors: `"package.module:ERRORS"`, objects with `code`, `title`, `description`, `status`, `scope`.',
    ),
    Option(
        "drillbook_components",
        "",
        is_source,
        'Components: `"package.module:COMPONENTS"`, objects with `name`, `title`, `description`, `kind`, '
        "`depends_on`, `programs`, `settings`, `page`, `undrilled` (why no fault harms it).",
    ),
    Option(
        "drillbook_faults",
        "",
        is_source,
        'Faults: `"package.module:FAULTS"`, objects with `name`, `title`, `description`, `alert`, `component`, `core`, `alone`. '
        "Every fix of a tree then says by which of them it is drilled, or why by none.",
    ),
    Option(
        "drillbook_tables",
        {},
        is_named_sources,
        'Tables: `{"postgresql": "package.module:Base"}`, a database as SQLAlchemy calls it and a `MetaData`, or a '
        "declarative base, whose classes describe the tables.",
    ),
    Option(
        "drillbook_code",
        [],
        is_globs,
        "Proof: patterns of the files that are the system's code, relative to the folder of conf.py. When one of them "
        "changes, what was proven with them is no longer.",
    ),
    Option(
        "drillbook_proof_days",
        30,
        is_positive,
        "Proof: for how many days a proof holds.",
    ),
    Option(
        "drillbook_evidence",
        "evidence",
        is_folder,
        "Proof: the folder for the evidence, in the source folder.",
    ),
    Option(
        "drillbook_read_only",
        [],
        is_words,
        'Trees: commands that change nothing, word for word (`"./deploy.py --status"`), which checks may run besides '
        "the common ones. With `...` as the last word, any arguments may follow.",
    ),
    Option(
        "drillbook_stack",
        {},
        is_stack,
        "Proof: how a private running system is had. `folder` is where commands are typed, `fetch` gets what needs the "
        "network, `up` and `down` start and stop it, `status` prints JSON with `urls`, `snapshot` prints all that could be "
        "left changed, `fault` holds a `{fault}`, `enter` is what a reader types first, `secrets` prints what is never "
        "kept, `sql` takes SQL and prints a line for each row, `http` names the url of HTTP examples, `environment` has "
        "variables with `{scratch}`, `{rules}` and `{site}`, `shows` lists more folders that it reads.",
    ),
    Option(
        "drillbook_coverage",
        {},
        is_gates,
        "Proof: the gates of coverage. `accuracy` is the least percentage of proven statements (95); `missing` names what "
        "is known to be missing, and must lose each name as soon as it is there. Without `stamps`, evidence holds also for what "
        "has changed since: so sabotage sees whether anything else is noticed.",
    ),
    Option(
        "drillbook_only",
        "",
        is_text,
        "Proof: the names of pages, procedures and trees that the builder `doctest` runs, in place of all.",
    ),
    Option(
        "drillbook_drill",
        {},
        is_drill,
        'Drills: what makes drill rules of production\'s: `{"for": "2s", "window": "15s", "thresholds": {"QueueHigh": '
        '{"1000": "15"}}, "unchanged": ["CpuHigh"]}`. What is not named stays as it is.',
    ),
    Option(
        "drillbook_drills",
        "",
        is_text,
        "Drills: which faults are drilled: names of faults, alerts or trees with commas between, `all`, or, when it is "
        "empty, the core and those whose evidence does not hold.",
    ),
    Option(
        "drillbook_check_numbers",
        True,
        is_bool,
        "Facts: warn of numbers with a unit that are typed in a sentence.",
    ),
    Option(
        "drillbook_diagram_timeout_s",
        60,
        is_positive,
        "Diagrams: for how many seconds one process may draw.",
    ),
    Option(
        "drillbook_measurements",
        {},
        is_measurements,
        'Measurements: `{"cache-ttl": {"command": "./measure.sh cache-ttl", "code": ["measure/*"]}}`. The command is typed where '
        "conf.py is, and prints as its last line what it measured, as JSON; when it or a file of its code changes, what was "
        "measured is old.",
    ),
    Option(
        "drillbook_sabotage",
        "",
        is_file_name,
        "Sabotage: the YAML file with the faults to sow and the checks to try, relative to the folder of conf.py.",
    ),
    Option(
        "drillbook_sabotage_gate",
        0.95,
        is_share,
        "Sabotage: the share of faults that must be caught.",
    ),
    Option(
        "drillbook_changes_since",
        "",
        is_file_name,
        "Changes: the `ops.json` of an earlier version, or a folder that has it, relative to the folder of conf.py. "
        "`ops:changes` says what has changed since.",
    ),
    Option(
        "drillbook_notify",
        [],
        is_notify,
        'Changes: to whom `drillbook notify` sends them: `[{"to": "$OPS_CHAT", "sections": ["alerts", "procedures"]}]`. '
        "`to` is the name of an environment variable that holds an address of Apprise, or the address of a webhook that "
        "needs no secret. Without `sections` all changes are sent.",
    ),
    Option(
        "drillbook_search",
        True,
        is_bool,
        "Search: HTML has the toolkit's search in place of Sphinx's own.",
    ),
    Option(
        "drillbook_owners",
        {},
        is_owners,
        'Review: who the owners of pages are, `{"shop on-call": {"handle": "@shop-oncall", "notify": "$SHOP_ONCALL"}}`, or '
        "a handle alone. `drillbook owners` writes the handles into `CODEOWNERS`; `notify` names the environment variable "
        "with the address, as Apprise writes it, to which `drillbook remind` sends. `*` keeps what names no owner.",
    ),
    Option(
        "drillbook_feedback",
        "",
        is_address,
        "Feedback: the address that pages send readers' answers to, such as `/-/feedback`. Without it nobody is asked. The pages "
        "of a copy that is opened as a file send to the same address below `html_baseurl`.",
    ),
    Option(
        "drillbook_llms",
        False,
        is_bool,
        "Language models: HTML has `llms.txt`, an index of all pages, and `llms-full.txt`, the text of all pages, beside it.",
    ),
    Option(
        "drillbook_pdf",
        {},
        is_pdf,
        "PDF: how it is made. `paper` is `a4` or `letter`; `large` prints larger; `standard` is `ua-1`, a PDF/A such as "
        "`a-2a`, or empty; `contacts` is a CSV file of role, name, how to reach, and whom else, relative to the folder of "
        "conf.py; `title` stands on the cover; `first` lists the pages that come before all others; `fonts` is a folder of "
        "further fonts, for letters that ours lack; `letters` maps a language to files of large fonts, of which only the "
        'letters that the manual has are taken: `{"zh_CN": ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"]}`. '
        "The QR code there leads to `html_baseurl`.",
    ),
    Option(
        "drillbook_pdf_only",
        "",
        is_text,
        "PDF: the pages that it has, with commas between, in place of all; a folder names all pages in it.",
    ),
    Option(
        "drillbook_portal",
        {},
        is_portal,
        "Publishing: which versions, in which languages, and where. `url` is the public address; `versions` has patterns of "
        "`tags`, which are releases, a list of `branches`, the first of which is the latest, and how many of the newest "
        "releases it will `keep`; `languages` begins with that of the source; `setup` is typed at the top of a version's "
        "checkout, and `python` is the interpreter that builds it there; `deployed` is a version, or a command that prints "
        "it; `keep` is the number of old publications kept; `redirects` maps a page that has moved to where it is, or to "
        "`None` when it is gone, or names a YAML file that does.",
    ),
)


def sources(config: Config, confdir: Path) -> Sources:
    """Where facts come from, as conf.py says."""
    given = {kind: config[f"drillbook_{kind}"] for kind in Sources._fields if kind != "base"}
    if isinstance(given["alerts"], str):  # from the command line
        given["alerts"] = [given["alerts"]]
    return Sources(base=confdir, **given)


def option_place(confdir: Path, name: str) -> Place:
    """The line of conf.py that assigns the option *name*."""
    file = confdir / "conf.py"
    try:
        lines = _assigned(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # options may come from the command line, without any conf.py
        return Place(str(file))
    return Place(str(file), lines.get(name, 0))


@lru_cache(maxsize=8)  # each fact asks for its own
def _assigned(conf: bytes) -> Mapping[str, int]:
    """The last line that assigns each name."""
    found: dict[str, int] = {}
    for statement in ast.walk(ast.parse(conf)):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = max(statement.lineno, found.get(target.id, 0))
    return found


@guarded()
def check_options(app: Sphinx, config: Config) -> None:
    """Replace each value that its option cannot have by the default, with one warning."""
    for option in OPTIONS:
        if problem := option.check(config[option.name]):
            place = option_place(Path(app.confdir), option.name)
            warn(Warn.CONFIG, f"{option.name} {problem}", str(place))
            config[option.name] = option.default


def read_conf(confdir: Path) -> Config:
    """What conf.py says of our options, without a build. Raises :exc:`~sphinx.errors.ConfigError`."""
    config = Config.read(confdir, overrides={}, tags=Tags())
    for option in OPTIONS:
        config.add(option.name, option.default, REBUILD, Any)
    for option in OPTIONS:
        if problem := option.check(config[option.name]):
            raise ConfigError(f"{option_place(confdir, option.name)}: {option.name} {problem}")
    return config


def setup_config(app: Sphinx) -> None:
    """Register the options."""
    for option in OPTIONS:
        # any type for Sphinx: our own check says what is wrong, and once is enough
        app.add_config_value(option.name, option.default, REBUILD, Any, option.help)
    app.connect("config-inited", check_options)
