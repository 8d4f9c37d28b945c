"""Links in diagrams, written as PlantUML writes them, ``[[target]]``, and resolved as Sphinx resolves roles.

A target is what stands in a role: ``[[doc:/reference/settings]]`` for ``{doc}`/reference/settings```,
``[[ops:component:redis]]`` for ``{ops:component}`redis```, ``[[ref:some-label]]``, or an address with ``https:``,
``http:`` or ``mailto:``. PlantUML's own forms work: ``[[target text]]``, ``[[target{tooltip} text]]``, and
``[["target with spaces or {braces}"]]``.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from docutils.nodes import Element
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole

from drillbook.pages.domain import OPTIONAL

_LINK = re.compile(
    r"""\[\[\s* (?: "(?P<quoted>[^"]+)" | (?P<plain>[^\s{}\[\]"]+) )
    \s* (?: \{ (?:[^{}]|\{[^{}]*\})* \} )? \s* (?P<text>[^\[\]{}]*) \]\]""",
    re.VERBOSE,
)
_EXTERNAL = re.compile(r"(https?://|mailto:)\S+", re.IGNORECASE)
_OF_SPHINX = ("doc", "ref", "term", "numref", "keyword", "option", "envvar", "any")


class Written(NamedTuple):
    """A link as it is written; ``line`` counts the lines of the source from 1."""

    target: str
    text: str
    line: int


def written(source: str) -> Iterator[Written]:
    """The links in the source of a diagram, each target once."""
    seen: set[str] = set()
    for number, line in enumerate(source.splitlines(), 1):
        for match in _LINK.finditer(line):
            target = (match["quoted"] or match["plain"]).strip()
            if target not in seen:
                seen.add(target)
                yield Written(target, " ".join(match["text"].split()), number)


def without_links(source: str) -> str:
    """The source with the texts of its links in their place, as those read it who have no picture."""
    return re.sub(r"[ \t]+$", "", _LINK.sub(lambda match: match["text"], source), flags=re.MULTILINE)


def link_node(link: Written, env: BuildEnvironment, *, optional: bool = False) -> nodes.inline | None:
    """A node that Sphinx resolves; ``None`` when the target names no role and is no address.

    *optional* is for generated links: what no page describes is then no link, and no fault.
    """
    made = _external(link) or _reference(link, env)
    if made is None:
        return None
    if optional:
        made[OPTIONAL] = True
    return nodes.inline("", "", made, target=link.target)


def resolved(link: nodes.inline) -> str | None:
    """Where a link leads to, relative to its page; ``None`` when it leads nowhere."""
    reference = next(link.findall(nodes.reference), None)
    if reference is None:
        return None
    uri = reference.get("refuri") or (f"#{reference['refid']}" if reference.get("refid") else "")
    return uri or None


def _external(link: Written) -> Element | None:
    if not _EXTERNAL.fullmatch(link.target):
        return None
    text = link.text or link.target
    return nodes.reference(text, text, refuri=link.target)


def _reference(link: Written, env: BuildEnvironment) -> Element | None:
    domain, name, target = _split(link.target, env)
    if not target:
        return None
    role = env.domains[domain].roles.get(name) if domain else None
    if role is not None and not isinstance(role, XRefRole):
        return None
    text = link.text or target
    if role is not None and role.lowercase:
        target = target.lower()
    # a label may stand before something without a title, and in a diagram no title is needed
    explicit = bool(link.text) or name == "ref"
    return addnodes.pending_xref(
        text,
        nodes.inline(text, text),
        refdomain=domain,
        reftype=name,
        reftarget=target,
        refdoc=env.docname,
        refexplicit=explicit,
        refwarn=True,
    )


def _split(target: str, env: BuildEnvironment) -> tuple[str, str, str]:
    """Domain, role and target of ``domain:role:target`` or ``role:target``; empty when there is no such role."""
    first, _, rest = target.partition(":")
    if first in _OF_SPHINX:
        return ("" if first == "any" else "std"), first, rest.strip()
    if first in {domain.name for domain in env.domains.sorted()}:
        role, _, rest = rest.partition(":")
        if role in env.domains[first].roles:
            return first, role, rest.strip()
    return "", "", ""
