"""How Sphinx builds the manual. What is specific to the documented system stands in the block named so."""

import logging
import os
import sys
import warnings
from pathlib import Path

from sphinx.errors import ConfigError
from sphinx.ext.napoleon.docstring import GoogleDocstring

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "ext"), str(HERE / "system")]

from drillbook import process  # noqa: E402 - only now it can be found

# Others' messages about themselves: a dependency of the theme turns on logging for all, alembic lists its plugins, and
# sphinx-autodoc-typehints calls what Sphinx 10 will remove.
logging.getLogger("alembic").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*_RstSnippetParser.set_application")


def in_git(folder: Path) -> bool:
    """Whether git knows the files of *folder*: not those of an exported tree, nor those of another owner."""
    try:
        return bool(process.run(["git", "ls-tree", "HEAD", "conf.py"], timeout_s=10, cwd=folder).stdout)
    except OSError:
        return False


project = "Audio enhancement"
author = "The Drillbook authors"
copyright = "2026, the Drillbook authors"
version = release = (HERE / "system" / "VERSION").read_text().strip()

extensions = [
    "drillbook",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",  # before the type hints, which it would else hide
    "sphinx_autodoc_typehints",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.plantuml",
]
if "spelling" in sys.argv:  # needs a system library that no other builder needs
    from sphinxcontrib.spelling.builder import SpellingBuilder

    extensions.append("sphinxcontrib.spelling")
    SpellingBuilder.TEXT_NODES |= {"strong"}  # the questions, answers and ends of trees, and the titles of steps

# The documented system: where the facts come from.
drillbook_settings = "audio_enhancement.settings:SETTINGS"
drillbook_alerts = ["system/monitoring/rules/*.yml"]
drillbook_metrics = ["audio_enhancement.metrics:REGISTRY"]
drillbook_routes = "audio_enhancement.api.app:openapi"
drillbook_errors = "audio_enhancement.errors:ERRORS"
drillbook_components = "audio_enhancement.components:COMPONENTS"
drillbook_tables = {"postgresql": "audio_enhancement.storage.models:Base"}
drillbook_commands = {
    "./deploy.py": "audio_enhancement.deployment.cli:parser",
    "./faults.py": "audio_enhancement.faults.cli:build_parser",
    "./stack.py": "audio_enhancement.stack.cli:build_parser",
    **{
        f"./scripts/{name}.sh": f"audio_enhancement.operations.{name}:parser"
        for name in (
            "backup",
            "block_sender",
            "build_release",
            "free_storage",
            "post_deploy_validate",
            "pre_deploy_check",
            "purge_cache",
            "rebuild_indexes",
            "redis_memory",
            "requeue",
            "restore",
            "rotate_api_key",
            "sample_recording",
        )
    },
}
drillbook_faults = "audio_enhancement.faults:FAULTS"
drillbook_read_only = [  # what checks of trees may run
    "./deploy.py --status",
    "./scripts/backup.sh --list",
    "./scripts/block_sender.sh list ...",
    "./scripts/free_storage.sh list ...",
    "./scripts/purge_cache.sh --dry-run",
    "./scripts/rebuild_indexes.sh --check",
    "./scripts/redis_memory.sh",
    "./scripts/requeue.sh list ...",
    "./stack.py snapshot",
    "./stack.py status",
]
# How proofs get a running system of their own. Production waits for minutes where this one waits for seconds.
_QUICK = {
    "AE_CANARY_INTERVAL_S": "2",
    "AE_DEPLOY_DRAIN_S": "5",
    "AE_DEPLOY_HEALTH_TIMEOUT_S": "60",
    "AE_MONITORING_PROBE_INTERVAL_S": "0.5",
    "AE_MONITORING_SCRAPE_INTERVAL_S": "1",
    "AE_QUEUE_MEMORY_MB": "32",
    "AE_QUEUE_RELAY_AFTER_S": "2",
    "AE_QUEUE_RELAY_INTERVAL_S": "0.5",
    "AE_STORAGE_QUOTA_MB": "200",
    "AE_WORKER_HEARTBEAT_TIMEOUT_S": "5",
    "AE_WORKER_SHUTDOWN_TIMEOUT_S": "10",
}
drillbook_stack = {
    "folder": "system",
    "fetch": "./stack.py fetch",
    "up": './stack.py up ${RULES:+--rules "$RULES"} ${SITE:+--set AE_MONITORING_RUNBOOK_BASE_URL="$SITE"} '
    + " ".join(f"--set {name}={value}" for name, value in _QUICK.items())
    + " && ./scripts/backup.sh > /dev/null",  # as on a system in production, there is one
    "down": "./stack.py down",
    "status": "./stack.py status --json",
    "snapshot": "./stack.py snapshot",
    "fault": "./faults.py hold {fault} --really",  # a private stack may be broken without drill rules, too
    "enter": ". $RUN_DIR/etc/operator.env; . $RUN_DIR/etc/client.env",
    # passwords in addresses, and keys
    "secrets": r"""sed -nE -e "s|^AE_[A-Z_]*='[a-z+]+://[^:]*:([^@]*)@.*|\1|p" -e "s/^AE_[A-Z_]*KEY='(.*)'/\1/p" """
    + "$RUN_DIR/etc/*.env",
    "sql": "psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1",
    "http": "gateway",
    "environment": {
        "RUN_DIR": "{scratch}/run",
        "RULES": "{rules}",
        "SITE": "{site}",
        "PYTHONPYCACHEPREFIX": "{scratch}/bytecode",  # the system's code cannot be written there, and each command compiles
    },
    "shows": ["/var/cache/drillbook", "~/.cache/drillbook"],
}
# What `make coverage` holds the manual to; what is known to be missing is listed, and the list only gets shorter.
drillbook_coverage = {"accuracy": 99, "missing": []}
drillbook_drill = {  # production's rules, with less to wait for
    "for": "2s",
    "window": "15s",
    "thresholds": {"HighLatency": {"0.5": "0.2", "60": "8", "120": "10"}, "QueueDepthHigh": {"1000": "15"}},
    "unchanged": ["CpuHigh", "MemoryHigh"],  # the host is not ours alone
}
drillbook_code = ["system/**/*"]  # what a proof is bound to
drillbook_sabotage = "tests/data/sabotage.yml"
drillbook_measurements = {
    name: {
        "command": f"PYTHONPATH=system .venv/bin/python -m bench.tuning {name}",
        "code": [f"bench/tuning/{module}.py" for module in (name.replace("-", "_"), *shared)],
    }
    for shared, names in (
        (("result", "stack"), ("profile", "indexes")),
        (("result", "stack", "load"), ("connections", "cache-ttl", "concurrency", "scaling", "capacity")),
        (("result", "stack", "quality"), ("gain-floor", "alpha", "loudness")),
    )
    for name in names
}

# Who keeps the pages, in the words of their front matter: write your own handles in place of `@your-org/...`, then
# `drillbook owners`. Each variable holds an address for messages, as Apprise writes it.
drillbook_owners = {
    "audio on-call": {"handle": "@your-org/audio-on-call", "notify": "$NOTIFY_AUDIO_ON_CALL"},
    "audio quality": {"handle": "@your-org/audio-quality", "notify": "$NOTIFY_AUDIO_QUALITY"},
    "database on-call": {"handle": "@your-org/database-on-call", "notify": "$NOTIFY_DATABASE_ON_CALL"},
    "platform on-call": {"handle": "@your-org/platform-on-call", "notify": "$NOTIFY_PLATFORM_ON_CALL"},
    "*": {"handle": "@your-org/manual", "notify": "$NOTIFY_MANUAL"},  # what names no owner
}

# Where the manual is published; of a version in a language that `drillbook publish` makes, it gives the address itself.
# The PDF has it as a code to scan.
html_baseurl = f"{url.rstrip('/')}/" if (url := os.environ.get("MANUAL_URL", "").strip()) else ""
if html_baseurl and not html_baseurl.startswith(("https://", "http://")):
    raise ConfigError(f"MANUAL_URL must begin with https:// or http://, not {html_baseurl!r}")
drillbook_portal = {
    "url": html_baseurl,
    "versions": {"tags": ["v*"], "branches": ["main"], "keep": 10},
    "languages": ["en", "de", "zh_CN"],
    "setup": "tools/bootstrap.sh",
    "deployed": os.environ.get("MANUAL_DEPLOYED", ""),  # e.g. v2.1.0; alerts lead to MANUAL_URL/deployed/en
}
drillbook_feedback = "/-/feedback"  # `drillbook serve --database URL`; elsewhere answers stay with the reader
drillbook_pdf = {
    "spread": ["incidents/severities", "incidents/roles"],
    # Debian's fonts-noto-cjk, which `make pdf LANGUAGE=zh_CN` installs
    "letters": {
        "zh_CN": [f"/usr/share/fonts/opentype/noto/NotoSansCJK-{weight}.ttc" for weight in ("Regular", "Bold")],
    },
}

# `make latexpdf`: pdflatex has no letter for a box to tick. Sphinx's fonts for this engine have: GNU FreeFont, of TeX Live.
latex_engine = "xelatex"

nitpicky = True
# Types of other projects: their inventories are on the network, and the manual is built without one.
nitpick_ignore_regex = [
    ("py:data", "Ellipsis"),
    ("py:class", r"audio_enhancement\..*\.[ST]|dict\[str"),  # variables of types; and a type cut at its comma
    (
        r"py:.*",
        r"(annotated_types|argparse|collections|contextlib|ctypes|datetime|dramatiq|enum|fastapi|numpy|pathlib"
        r"|prometheus_client|psutil|pydantic|pydantic_settings|redis|sqlalchemy|starlette|structlog|threading|typing"
        r"|uuid)\..*",
    ),
]
exclude_patterns = ["evidence"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_footnote_transition = False  # docutils 0.22 warns about the transition at a page's end
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
always_use_bars_union = True
# What is said of a value is a sentence; napoleon would take what stands before a colon for its type, and has no option.
GoogleDocstring._parse_attribute_docstring = GoogleDocstring._consume_to_end  # type: ignore[method-assign]
typehints_use_signature = True

spelling_lang = "en_GB"
spelling_word_list_filename = "spelling.txt"

# Translations: a catalogue for each page, without places, so that it changes only when a sentence does.
locale_dirs = ["locales"]
gettext_compact = False
gettext_location = False
gettext_uuid = False

html_theme = "furo"
html_title = f"Audio enhancement {release}"
html_copy_source = False
html_show_sourcelink = False
drillbook_llms = True

# Where its source can be edited, as https://github.com/OWNER/NAME; GitLab and Bitbucket do as well.
if source := os.environ.get("MANUAL_SOURCE", "").strip():
    html_theme_options = {
        "source_repository": source,
        "source_branch": os.environ.get("MANUAL_BRANCH", "").strip() or "main",
        "source_directory": "source",
        "top_of_page_buttons": ["edit"],
    }
if {"html", "dirhtml"} & set(sys.argv):
    extensions.append("notfound.extension")
    if html_baseurl:
        extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
        sitemap_url_scheme = "{link}"
        sitemap_locales = [None]
        ogp_site_url = html_baseurl
        ogp_social_cards = {"enable": False}
    if in_git(HERE):
        extensions.append("sphinx_last_updated_by_git")
        html_last_updated_fmt = "%Y-%m-%d"
        git_last_updated_timezone = "UTC"
        git_exclude_patterns = ["../*"]  # a page has changed when its text has: facts are shown with their own proofs
        suppress_warnings = ["git.too_shallow"]  # a clone that knows too little shows no date
