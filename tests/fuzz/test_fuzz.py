"""Whatever is written in a page, the build goes on, and what is wrong is said at its file and line.

``make fuzz`` runs all of it (FUZZ pages); the ordinary tests run some.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fuzz.build import EXAMPLE, build, to_blame
from tests.fuzz.pages import generated, mutated
from tests.toolkit.test_everywhere import REST

PAGES = int(os.environ.get("FUZZ", "200"))
BATCH = min(250, PAGES // 4)
SEED = int(os.environ.get("FUZZ_SEED", "1"))


def batches() -> Iterator[tuple[int, str]]:
    """Batch numbers, and which kind of page each has; every kind with one process and with two."""
    kinds = ("generated.md", "generated.rst", "mutated.md", "mutated.rst")
    for number in range(max(PAGES // BATCH, len(kinds))):
        yield number, kinds[number % len(kinds)]


def pages(number: int, kind: str) -> dict[str, str]:
    how, suffix = kind.split(".")
    seed = SEED * 10_000 + number
    if how == "generated":
        texts = generated(BATCH, seed, markdown=suffix == "md")
    else:
        good = (EXAMPLE / "index.md").read_text() if suffix == "md" else REST
        texts = list(mutated(good, BATCH, seed))
    return {f"page{index:04}.{suffix}": text for index, text in enumerate(texts)}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("number", "kind"), list(batches()))
def test_bad_pages_are_refused_and_nothing_else_suffers(number: int, kind: str, tmp_path: Path) -> None:
    jobs = 1 + number // 4 % 2 if PAGES > BATCH * 4 else 1 + number % 2
    bad = pages(number, kind)
    assert len(bad) > BATCH // 2, "Hypothesis has made enough"
    result = build(bad, tmp_path / "book", jobs)
    if result.wrong:
        name, text = to_blame(bad, tmp_path / "half", jobs)
        pytest.fail(f"{result.wrong}\n--- {name} of {kind}, FUZZ_SEED={SEED}\n{text}")
    assert result.ours > BATCH // 10, "most pages are bad, and it was said of them"
