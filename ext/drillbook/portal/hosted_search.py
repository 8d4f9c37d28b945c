"""Records for a hosted search, in the form that DocSearch reads, and an index at Algolia that is kept like them.

The form: https://docsearch.algolia.com/docs/record-extractor/. The records are those of the manual's own search.
"""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from drillbook.output.search.extension import FILE
from drillbook.output.search.index import read_script
from drillbook.output.search.sections import Record

if TYPE_CHECKING:  # an extra, and no manual needs it to be built
    from algoliasearch.search.client import SearchClientSync

Json = dict[str, Any]
GROUPS: Final = {  # what stands over the finds of a kind, as in the manual's own search; the best kinds first
    "alert": "Alerts",
    "procedure": "Procedures",
    "page": "Pages",
    "setting": "Settings",
    "command": "Commands",
    "error": "Errors",
    "metric": "Metrics",
    "route": "Routes",
    "component": "Components",
    "fault": "Faults",
    "severity": "Severities",
    "term": "Glossary",
    "api": "Python",
    "toolkit": "Writing",
}
RANKS: Final = {kind: len(GROUPS) - place for place, kind in enumerate(GROUPS)}
LEVELS: Final = tuple(f"lvl{number}" for number in range(7))
LETTERS: Final = 1500  # of the content of a record: 4 bytes each, and the least plan takes 10 KB a record
HEADING_LEVEL: Final = {"lvl1": 90, "lvl2": 80, "content": 0}  # as DocSearch weighs them
BATCH: Final = 1000
TOLD: Final = ("digest", "version", "language")  # what must be known of a record that is there
SETTINGS: Final[Json] = {
    "attributesForFaceting": ["type", "lang", "language", "version"],
    "attributesToRetrieve": ["hierarchy", "content", "anchor", "url", "url_without_anchor", "type"],
    "attributesToHighlight": ["hierarchy", "content"],
    "attributesToSnippet": ["content:10"],
    "camelCaseAttributes": ["hierarchy", "content"],
    "searchableAttributes": [*(f"unordered(hierarchy.{level})" for level in LEVELS), "unordered(keywords)", "content"],
    "distinct": True,
    "attributeForDistinct": "url",
    "customRanking": ["desc(weight.pageRank)", "desc(weight.level)", "asc(weight.position)"],
    "ranking": ["words", "filters", "typo", "attribute", "proximity", "exact", "custom"],
    "highlightPreTag": '<span class="algolia-docsearch-suggestion--highlight">',
    "highlightPostTag": "</span>",
    "minWordSizefor1Typo": 3,
    "minWordSizefor2Typos": 7,
    "allowTyposOnNumericTokens": False,
    "minProximity": 1,
    "ignorePlurals": True,
    "advancedSyntax": True,
    "attributeCriteriaComputedByMinProximity": True,
    "removeWordsIfNoResults": "allOptional",
}


class HostedSearchError(Exception):
    """Records that cannot be read or pushed; the text says why."""


class Target(NamedTuple):
    """Where records go: the application, its index, a key that may write, and another server than the service's."""

    app: str
    index_name: str
    key: str
    host: str = ""


class Pushed(NamedTuple):
    """How many records a push wrote and deleted, and how many were as they should be."""

    written: int
    deleted: int
    same: int


def read_records(html: Path, url: str) -> list[Json]:
    """The records of the manual that is built in *html*, for one that stands at *url*. Raises :exc:`HostedSearchError`."""
    try:
        text = (html / FILE).read_text(encoding="utf-8")
        found = [Record(*one) for one in read_script(text)["records"]]
        about = json.loads((html / "ops.json").read_text(encoding="utf-8"))["manual"]
        return list(docsearch(found, url, str(about["version"]), str(about["language"])))
    except OSError as error:
        raise HostedSearchError(f"cannot read {error.filename}: {error.strerror}. `make html` writes it") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HostedSearchError(f"{html} has no search of this toolkit: {type(error).__name__}: {error}") from error


def docsearch(found: Iterable[Record], url: str, version: str, language: str) -> Iterator[Json]:
    """A record for each heading, and one for each part of the text below it."""
    seen: Counter[tuple[str, str]] = Counter()
    positions: Counter[str] = Counter()  # each page counts its own: what is new on one leaves the others as they are
    base = f"{url.rstrip('/')}/" if url else ""
    for record in found:
        heading = "lvl2" if record.page else "lvl1"
        titles = {"lvl0": GROUPS[record.kind], "lvl1": record.page or record.title}
        hierarchy = dict.fromkeys(LEVELS) | titles | ({"lvl2": record.title} if record.page else {})
        page, _, anchor = record.address.partition("#")
        positions[page] += 1
        parts = textwrap.wrap(record.text, LETTERS, break_on_hyphens=False)
        for kind, content in [(heading, None), *(("content", part) for part in parts)]:
            seen[record.address, kind] += 1
            made: Json = {
                "objectID": _digest(version, language, record.address, kind, seen[record.address, kind])[:40],
                "type": kind,
                "hierarchy": hierarchy,
                "content": content,
                "keywords": record.keywords.split("\n") if record.keywords and kind == heading else [],
                "url": f"{base}{record.address}",
                "url_without_anchor": f"{base}{page}",
                "anchor": anchor or None,
                "version": version,
                "language": language,
                "lang": language,
                "weight": {
                    "pageRank": RANKS[record.kind],
                    "level": HEADING_LEVEL[kind],
                    "position": positions[page],
                },
            }
            yield made | {"digest": _digest(made)}


def _digest(*said: object) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def push(records: Sequence[Json], target: Target, *, settings: bool = False) -> Pushed:
    """Make the index have *records*, and of their version and language no others.

    What is new is written before what is gone is deleted, so a reader always finds. A new index gets :data:`SETTINGS`,
    an old one with *settings* too. Raises :exc:`HostedSearchError`.
    """
    if not records:
        raise HostedSearchError("there are no records: nothing is pushed, and nothing deleted")
    try:
        from algoliasearch.http.exceptions import AlgoliaException, RequestException
    except ImportError as error:
        raise HostedSearchError("its client is not installed: pip install 'drillbook[portal]'") from error
    try:
        with _client(target) as client:
            return _push(client, records, target.index_name, settings)
    except RequestException as error:
        if error.status_code in (401, 403):
            raise HostedSearchError(
                f"the key in $ALGOLIA_API_KEY may not: {error}. It needs browse, addObject, deleteObject, settings and "
                f"editSettings for the index {target.index_name}"
            ) from error
        raise HostedSearchError(f"the service refuses, with status {error.status_code}: {error}") from error
    except (AlgoliaException, OSError) as error:
        where = target.host or f"{target.app}.algolia.net"
        raise HostedSearchError(f"{where} does not answer. Is the application right, is there a network?") from error
    except Exception as error:
        if type(error) is not Exception:  # the client raises it bare when it has waited for long enough
            raise
        raise HostedSearchError(
            f"the service took the records, and did not say in time that it has them: {error}"
        ) from error


def _push(client: "SearchClientSync", records: Sequence[Json], index: str, settings: bool) -> Pushed:
    new = not client.index_exists(index)
    if new or settings:
        client.wait_for_task(index, client.set_settings(index, SETTINGS).task_id)
    kinds = {(record["version"], record["language"]) for record in records}
    there = {name: one for name, one in _there(client, index).items() if (one["version"], one["language"]) in kinds}
    wanted = {record["objectID"]: record for record in records}
    changed = [record for name, record in wanted.items() if there.get(name, {}).get("digest") != record["digest"]]
    gone = sorted(there.keys() - wanted.keys())
    client.save_objects(index, changed, wait_for_tasks=True, batch_size=BATCH)
    client.delete_objects(index, gone, wait_for_tasks=True, batch_size=BATCH)
    return Pushed(len(changed), len(gone), len(wanted) - len(changed))


def _there(client: "SearchClientSync", index: str) -> dict[str, Mapping[str, Any]]:
    """What must be known of each record that is in the index."""
    from algoliasearch.search.models.browse_params_object import BrowseParamsObject

    found: dict[str, Mapping[str, Any]] = {}

    def take(page: Any) -> None:
        for hit in page.hits:
            found[hit.object_id] = {name: (hit.model_extra or {}).get(name) for name in TOLD}

    client.browse_objects(index, take, BrowseParamsObject(attributes_to_retrieve=[*TOLD], hits_per_page=BATCH))
    return found


def _client(target: Target) -> "SearchClientSync":
    from algoliasearch.http.hosts import Host, HostsCollection
    from algoliasearch.search.client import SearchClientSync
    from algoliasearch.search.config import SearchConfig

    config = SearchConfig(target.app, target.key)
    if target.host:
        parts = urlsplit(target.host)
        config.hosts = HostsCollection([Host(parts.hostname or "", scheme=parts.scheme, port=parts.port)])
    return SearchClientSync.create_with_config(config)
