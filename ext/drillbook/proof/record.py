"""Where runs write their evidence; nobody else does."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from drillbook.model.evidence import DRILL, KINDS, Evidence, EvidenceError, now, write
from drillbook.pages.evidence import TREE, stamps


def record(app: Sphinx, kind: str, name: str, details: dict[str, Any], log: str) -> Path:
    """Write that *name* is proven now, for the content and the code that *app* found when it had read all pages.

    *kind* is ``procedure``, ``page``, ``checks`` or ``drill``, *name* a procedure, a document, a tree or a fault. *details* are JSON values;
    those of a drill have ``rows``, where each tree that was walked ended. *log* is what the run said, without secrets; its
    digest is kept. Raises :exc:`EvidenceError` for what the manual does not have.
    """
    found = stamps(app)
    content = found.content(kind, name) if kind in KINDS else ""
    if not content:
        raise EvidenceError(f"there is no {kind} {name} to prove")
    if kind == DRILL:
        details = details | {"contents": {tree: found.content(TREE, tree) for tree in sorted(details["rows"])}}
    evidence = Evidence(
        kind=kind,
        name=name,
        content=content,
        system=found.system,
        version=app.config.release,
        toolkit=app.extensions["drillbook"].version,
        proven=now(),
        log=sha256(log.encode("utf-8", "surrogatepass")).hexdigest(),
        details=details,
    )
    return write(found.folder, evidence)
