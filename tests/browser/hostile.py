"""What an enemy writes, and a watch that sees whether any of it runs, or could.

Each payload of ``tests/data/xss-reader.txt`` would run a script if a page took it for markup.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drillbook.model.data import SCHEMA

NO_FILE = re.compile(r"[/\x00-\x1f]")  # no name of a file has these
PAYLOADS = (Path(__file__).parents[1] / "data" / "xss-reader.txt").read_text(encoding="utf-8").splitlines()
WATCH = """
  window.found = [];
  window.alert = (said) => found.push(`ran: ${said}`);
  const TAGS = "img, iframe, object, embed, video, audio, base, meta, link, style, template, math, script:not([src])";
  const look = (element) => {
    for (const attribute of element.attributes) {
      if (/^on/i.test(attribute.name)) found.push(`${attribute.name} of ${element.localName}`);
      const target = /^(?:href|xlink:href|src|action|formaction|data)$/i.test(attribute.name);
      if (target && /^[\\s\\x00-\\x1f]*(?:java|vb)script:/i.test(attribute.value)) found.push(attribute.value);
    }
  };
  window.lookAt = (root) => [root, ...root.querySelectorAll("*")].forEach(look);
  window.watching = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") look(change.target);
      for (const node of change.addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        lookAt(node);
        if (node.matches(TAGS) || node.querySelector(TAGS)) found.push(`made: ${node.outerHTML.slice(0, 200)}`);
      }
    }
  });
  window.watch = () => watching.observe(document, { subtree: true, childList: true, attributes: true });
"""


def batches(size: int) -> Iterator[list[str]]:
    """The payloads, so many at once."""
    for first in range(0, len(PAYLOADS), size):
        yield PAYLOADS[first : first + size]


def as_file(text: str) -> str:
    """*text*, or most of it, as the name of a file or a folder."""
    return NO_FILE.sub(" ", text)[:200]


def escaped(text: str) -> str:
    """*text* in reStructuredText, as it stands."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def edition(version: str, age: str) -> dict[str, Any]:
    """The ``ops.json`` of a manual of which an enemy wrote all; each payload is in each change from one *age* to another."""

    def page(at: int, payload: str) -> dict[str, Any]:
        """A page that has another title and owner in each version."""
        section = as_file(PAYLOADS[at - at % 16])  # each has a feed of its own
        same = {"url": f"p{at}.html", "name": f"{section}/{payload}"}
        return same | {"title": f"{age} {payload}", "owner": f"{payload} {age}", "keywords": []}

    pages = [page(*one) for one in enumerate(PAYLOADS)]
    pages += [{**page, "name": f"{age} {page['name']}"} for page in pages[::16]]  # those of this version alone
    return {
        "schema": SCHEMA,
        "manual": {"project": " ".join(PAYLOADS), "version": f"{version} {PAYLOADS[0]}", "language": "en"},
        "contents": pages,
        "pages": pages,
        "severities": [{"name": payload, "title": f"{age} {payload}", "url": payload} for payload in PAYLOADS],
        "procedures": [],
        "trees": [],
        "stamps": [
            {
                "kind": "page",
                "name": page["name"],
                "state": "proven" if age == "old" else "stale",
                "says": page["title"],
            }
            for page in pages[::8]
        ],
    }
