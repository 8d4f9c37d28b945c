"""The words of the scripts in the language of a build: ``_static/words.js``, which they find them in.

A script speaks by a tagged template, ``say``; in English, where there is no such file, it says the text itself. So
no page has a script in itself, and all of it works from a folder.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

from drillbook.language import SOURCE, _
from drillbook.output.data import replace_text
from drillbook.warn import guarded

STATIC: Final = Path(__file__).parent / "static"
FILE: Final = "words.js"
FIRST: Final = 100  # before the scripts that say them, which have 500
SCRIPT: Final = """\
// What the scripts say in the language of this manual, written by its build.
"use strict";
(() => {
  const words = %s;
  window.drillbookSay = (parts, ...values) => {
    const key = parts.reduce((before, part, place) => `${before}{${place - 1}}${part}`);
    return (words[key] || key).replace(/\\{(\\d+)\\}/g, (_, place) => values[place]);
  };
})();
"""
_SAID: Final = re.compile(r"\bsay`([^`$]*(?:\$\{(?:[^{}`]|`[^`]*`)*\}[^`$]*)*)`")
_VALUE: Final = re.compile(r"\$\{(?:[^{}`]|`[^`]*`)*\}")


def said_in(script: str) -> Iterator[str]:
    """The messages of a script, with numbered places."""
    for found in _SAID.finditer(script):
        pieces = _VALUE.split(found[1])
        yield pieces[0] + "".join(f"{{{place}}}{piece}" for place, piece in enumerate(pieces[1:]))
        for inner in _VALUE.findall(found[1]):
            yield from said_in(inner)


def messages() -> list[str]:
    """The messages of all scripts."""
    files = (file for file in sorted(STATIC.glob("*.js")) if ".min." not in file.name)
    return sorted({message for file in files for message in said_in(file.read_text(encoding="utf-8"))})


@guarded()
def add_words(app: Sphinx) -> None:
    """Write the words where the builder takes static files from, and have pages load them before what says them."""
    if app.builder.format != "html" or app.builder.name == "epub" or app.config.language in ("", SOURCE):
        return
    words = {message: said for message in messages() if (said := _(message)) != message}
    text = json.dumps(words, ensure_ascii=False, indent=1, sort_keys=True).replace("</", "<\\/")
    folder = Path(app.doctreedir) / "words" / "static"
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / FILE, SCRIPT % text)
    app.config.html_static_path.append(str(folder))
    app.add_js_file(FILE, priority=FIRST, loading_method="defer")


def setup_script_words(app: Sphinx) -> None:
    """Write the file before pages are read."""
    app.connect("builder-inited", add_words)
