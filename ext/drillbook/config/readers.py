"""What the options may be that say how the manual reaches its readers. Each check answers what is wrong, or ``None``."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from drillbook.config.values import is_globs

_VARIABLE: Final = re.compile(r"\$[A-Za-z_]\w*")
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
    "spread": (),  # pages whose first table stands behind the cover
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
    for key in ("spread", "first"):
        if isinstance(value.get(key, ()), str) or not all(isinstance(name, str) for name in value.get(key, ())):
            return f"must have a list of pages as {key!r}, not {value[key]!r}"
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
