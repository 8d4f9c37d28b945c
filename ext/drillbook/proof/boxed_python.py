"""Runs the Python blocks of pages in a box, by the code of Sphinx's own doctest builder.

What the builder asks for of Sphinx is given to it here; how blocks are grouped, set up, compared and skipped is its own.
"""

import base64
import doctest
import logging
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import sphinx.ext.doctest
from docutils.nodes import Element
from sphinx.config import eval_config_file
from sphinx.ext.doctest import DocTestBuilder, SphinxDocTestRunner
from sphinx.util.tags import Tags

from drillbook.proof.session import Verdict

Json = dict[str, Any]
OPTIONS: Final = (
    "doctest_default_flags",
    "doctest_fail_fast",
    "doctest_global_cleanup",
    "doctest_global_setup",
    "doctest_path",
    "doctest_show_successes",
    "doctest_test_doctest_blocks",
)
_COUNTS: Final = tuple(f"{part}_{kind}" for part in ("total", "setup", "cleanup") for kind in ("failures", "tries"))


class _Builder(DocTestBuilder):
    """The builder without an application: its words are gathered, and conditions are evaluated here, in the box."""

    def __init__(self, task: Json) -> None:
        options = SimpleNamespace(**task["options"], verbosity=0)
        self.words: list[str] = []
        self.outcomes: list[Json] = []
        names = task["files"]
        env = SimpleNamespace(srcdir=task["srcdir"], doc2path=lambda docname, _=False: names[docname])
        self.config, self.env = options, env  # type: ignore[assignment]
        self.opt = options.doctest_default_flags
        self.type = "single"
        for count in _COUNTS:
            setattr(self, count, 0)
        doctest.compile = self.compile  # type: ignore[attr-defined]  # as its own init does
        sys.path[:0] = options.doctest_path
        sphinx.ext.doctest.SphinxDocTestRunner = self._runner  # type: ignore[assignment,misc]
        self.docname = ""

    def _runner(self, *arguments: Any, **options: Any) -> SphinxDocTestRunner:
        return _Recorder(self.note, *arguments, **options)

    def _out(self, text: str) -> None:
        self.words.append(text)

    _warn_out = _out

    def note(self, file: str, line: int, source: str, verdict: Verdict, why: str = "") -> None:
        """Keep what came of one example; what is set up for all pages stands on none."""
        file = str(self.env.doc2path(self.docname)) if file.startswith("<") else file
        fields: Json = {"docname": self.docname, "file": file, "line": line, "text": source, "why": why}
        self.outcomes.append(fields | {"verdict": verdict.value, "output": "", "seconds": 0, "status": None, "runs": 1})

    def skipped(self, node: Element) -> bool:
        """As Sphinx does; what is skipped is noted."""
        skipped = super().skipped(node)
        if skipped and node.get("testnodetype") not in ("testsetup", "testcleanup", "testoutput"):
            line = (self.get_line_number(node) or 0) + 1
            why = f"skipped: {node['skipif']}"
            self.note(self.get_filename_for_node(node, self.docname), line, node.astext(), Verdict.SKIPPED, why)
        return skipped


class _Recorder(SphinxDocTestRunner):
    """Sphinx's runner, which also tells of each example what came of it."""

    def __init__(self, note: Callable[..., None], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._note = note

    def run(self, test: doctest.DocTest, *arguments: Any, **options: Any) -> Any:
        for example in test.examples:
            if example.options.get(doctest.SKIP):
                self._tell(test, example, Verdict.SKIPPED, "skipped by its option +SKIP or its :pyversion:")
        return super().run(test, *arguments, **options)

    def report_success(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        super().report_success(out, test, example, got)
        if not _is_setup(test):
            self._tell(test, example, Verdict.PROVEN)

    def report_failure(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        super().report_failure(out, test, example, got)
        diff = doctest.OutputChecker().output_difference(example, got, self.optionflags | doctest.REPORT_NDIFF)
        self._tell(test, example, Verdict.FAILED, f"its output is another:\n{diff}")

    def report_unexpected_exception(
        self, out: Any, test: doctest.DocTest, example: doctest.Example, exc_info: Any
    ) -> None:
        words: list[str] = []
        super().report_unexpected_exception(words.append, test, example, exc_info)
        out("".join(words))
        self._tell(test, example, Verdict.FAILED, f"it raised {exc_info[0].__name__}: {exc_info[1]}\n{''.join(words)}")

    def _tell(self, test: doctest.DocTest, example: doctest.Example, verdict: Verdict, why: str = "") -> None:
        # what was no session was made into a test by Sphinx, which then gives its line to both
        line = (example.lineno or 0) + (0 if test.docstring is None else test.lineno or 0) + 1
        self._note(test.filename or "", line, example.source.rstrip("\n"), verdict, why)


def _is_setup(test: doctest.DocTest) -> bool:
    return test.name.endswith(("(setup code)", "(cleanup code)"))


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def run_python(task: Json, confdir: Path) -> Iterator[Json]:
    """One result: the outcome of each example, what Sphinx's builder wrote, its counts, and its warnings."""
    sys.path[:0] = [path for path in task["path"] if path not in sys.path]
    if (confdir / "conf.py").exists():  # it may register options of doctest, or a checker
        eval_config_file(confdir / "conf.py", Tags())
    builder, warnings = _Builder(task), _Warnings()
    logging.getLogger(sphinx.ext.doctest.logger.logger.name).addHandler(warnings)
    for docname, pickled in task["documents"].items():
        builder.docname = docname
        # made by our own builder from pages, and read in the box only
        document = pickle.loads(base64.b64decode(pickled))  # noqa: S301
        if not builder.test_doc(docname, document) and builder.config.doctest_fail_fast:
            break
    counts = {count: getattr(builder, count) for count in _COUNTS}
    yield {
        "id": task["id"],
        "outcomes": builder.outcomes,
        "words": "".join(builder.words),
        "counts": counts,
        "warnings": warnings.said,
    }
