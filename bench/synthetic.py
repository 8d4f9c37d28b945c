"""Manuals of any size, for measuring: pages of words that occur as often as words do, always the same."""

import random
from pathlib import Path
from typing import Final

CONF: Final = """\
project = "Synthetic"
extensions = ["myst_parser", "drillbook"]
html_theme = "basic"
drillbook_search = {search}
"""
SYLLABLES: Final = ("ba", "co", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "xe", "zu")
VOCABULARY: Final = 6000
SECTIONS, SENTENCES, WORDS = 5, 6, 12


def write(folder: Path, pages: int, *, search: bool) -> None:
    """A project of *pages* pages with five sections each."""
    chance = random.Random(pages)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(VOCABULARY)]
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]  # as words of a language occur (Zipf)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(CONF.format(search=search))
    names = [f"page{number:04}" for number in range(pages)]
    (folder / "index.md").write_text("# Synthetic\n\n```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n")
    for name in names:
        parts = [f"# {' '.join(chance.choices(words, k=3)).capitalize()} {name}"]
        for _ in range(SECTIONS):
            parts.append(f"## {' '.join(chance.choices(words, weights, k=3)).capitalize()}")
            parts += [" ".join(chance.choices(words, weights, k=WORDS)).capitalize() + "." for _ in range(SENTENCES)]
            parts.append(f"```console\n$ ./{chance.choice(words)} --{chance.choice(words)}\ndone\n```")
        (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n")
