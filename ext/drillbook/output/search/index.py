"""The index as MiniSearch keeps it, made at build time, so that a browser has nothing to do but to read it.

The format is that of ``MiniSearch.loadJS`` of MiniSearch 7 (serializationVersion 2):
https://github.com/lucaong/minisearch/blob/v7.2.0/src/MiniSearch.ts
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from drillbook.output.search.sections import Record
from drillbook.output.search.words import with_pairs, words

FIELDS: Final = {"title": 0, "page": 1, "text": 2, "keywords": 3}
VERSION: Final = 2
CALL: Final = "drillbookSearchIndex"


def index(found: Sequence[Record]) -> dict[str, Any]:
    """The index of *found*; a record is known by its place in them."""
    lengths: dict[str, dict[str, int]] = {}
    totals = [0.0] * len(FIELDS)
    terms: dict[str, dict[str, dict[str, int]]] = {}
    for number, record in enumerate(found):
        texts = (with_pairs(record.title), words(record.page), words(record.text), with_pairs(record.keywords))
        lengths[str(number)] = {}
        for field, found_words in enumerate(texts):
            counted = Counter(found_words)
            lengths[str(number)][str(field)] = len(counted)
            totals[field] += len(counted)
            for term, count in counted.items():
                terms.setdefault(term, {}).setdefault(str(field), {})[str(number)] = count
    size = max(len(found), 1)
    return {
        "documentCount": len(found),
        "nextId": len(found),
        "documentIds": {str(number): number for number in range(len(found))},
        "fieldIds": FIELDS,
        "fieldLength": lengths,
        "averageFieldLength": [total / size for total in totals],
        "storedFields": {},
        "dirtCount": 0,
        "index": sorted(terms.items()),
        "serializationVersion": VERSION,
    }


def script(found: Sequence[Record]) -> str:
    """The whole as a script: it calls a function with the index and the records, and runs also from a file.

    They are JSON in a text: a browser reads that in a third of the time that it takes for the same as an expression.
    """
    data = {"index": index(found), "records": [list(record) for record in found]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = json.dumps(text, ensure_ascii=False)
    # these two end a line in old JavaScript, and `</` ends a script that somebody puts into a page
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("</", "<\\/")
    return f"{CALL}({text});\n"


def read_script(text: str) -> Any:
    """The index and the records in the text of a script; raises :exc:`ValueError`."""
    return read_argument(text.removeprefix(f"{CALL}(").rstrip().removesuffix(");"))


def read_argument(text: str) -> Any:
    """What a script calls its function with. Older scripts, and those of Sphinx, hold JSON that is no text."""
    data = json.loads(text)
    return json.loads(data) if isinstance(data, str) else data
