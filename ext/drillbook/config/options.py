"""Every option of conf.py, declared once: its type, its default, what it may be, and what it is for."""

from collections.abc import Callable
from typing import Any, NamedTuple

from drillbook.config.proving import is_drill, is_gates, is_measurements, is_stack
from drillbook.config.readers import is_notify, is_owners, is_pdf, is_portal
from drillbook.config.values import (
    is_address,
    is_bool,
    is_file_name,
    is_folder,
    is_globs,
    is_named_sources,
    is_positive,
    is_rule_globs,
    is_settings,
    is_share,
    is_source,
    is_sources,
    is_text,
    is_words,
)


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
        "conf.py; `title` stands on the cover; `spread` lists pages whose first table stands behind it, before the "
        "contacts; `first` lists the pages that come before all others; `fonts` is a folder of "
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
