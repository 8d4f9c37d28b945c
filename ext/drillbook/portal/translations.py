"""Sphinx's own words in other languages, in a form that a strict policy lets run.

Sphinx writes the rule for plurals as a text, which its script makes a function of: that is forbidden where scripts are
listed by their hashes. Here the rule is written as a function.
"""

import json
import re
from typing import Final

FILE: Final = "_static/translations.js"
_CALL: Final = re.compile(r"\s*Documentation\.addTranslations\((\{.*\})\);?\s*", re.DOTALL)
_RULE: Final = re.compile(r"[n\d ()!=<>?:&|%]+")  # all that a rule of gettext is made of
_SCRIPT: Final = """\
Object.assign(Documentation.TRANSLATIONS, {messages});
Documentation.PLURAL_EXPR = (n) => Number({rule});
Documentation.LOCALE = {locale};
"""


def without_eval(text: str) -> str:
    """The same script, with the rule as a function; as it is when it is not what Sphinx writes."""
    call = _CALL.fullmatch(text)
    try:
        catalogue = json.loads(call[1]) if call else {}
        rule, messages, locale = (catalogue[key] for key in ("plural_expr", "messages", "locale"))
    except (ValueError, LookupError):
        return text
    if not _RULE.fullmatch(rule):
        return text
    return _SCRIPT.format(messages=json.dumps(messages, indent=1), rule=rule, locale=json.dumps(locale))
