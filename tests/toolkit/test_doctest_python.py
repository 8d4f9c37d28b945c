"""Python blocks are run as Sphinx's own builder runs them: the cases of its documentation, by both, with the same words."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build

CASES = {
    "setup": """
.. testsetup:: *

   import math

.. testcleanup:: *

   del math

.. doctest::

   >>> math.floor(2.5)
   2

The parrot:

.. testsetup:: parrot

   class Parrot:
       def voom(self, volts):
           if volts < 1000:
               raise ValueError("too little")
           print("This parrot wouldn't voom if you put %s volts through it!" % volts)

   parrot = Parrot()

.. doctest:: parrot

   >>> parrot.voom(3000)
   This parrot wouldn't voom if you put 3000 volts through it!

.. testcode:: parrot

   parrot.voom(3000)

.. testoutput:: parrot

   This parrot wouldn't voom if you put 3000 volts through it!

.. testcode:: parrot

   parrot.voom(1)

.. testoutput:: parrot

   Traceback (most recent call last):
   ...
   ValueError: too little
""",
    "options": """
.. doctest::
   :options: +NORMALIZE_WHITESPACE, -ELLIPSIS

   >>> print("a    b")
   a b

>>> print(list(range(20)))  # doctest: +ELLIPSIS
[0, 1, ..., 18, 19]
>>> print("one\\n\\ntwo")
one
<BLANKLINE>
two

.. doctest::
   :no-trim-doctest-flags:

   >>> object()  # doctest: +SKIP
   <object object at 0x0>

.. testcode::
   :hide:

   print("some  output")

.. testoutput::
   :hide:
   :options: -ELLIPSIS, +NORMALIZE_WHITESPACE

   some output
""",
    "skipped": """
.. doctest::
   :pyversion: < 3.0

   >>> 1
   2

.. testcode::
   :skipif: True

   raise SystemExit

.. doctest::
   :skipif: shared is None

   >>> shared
   'from the global setup'
""",
    "wrong": """
>>> 1 + 1
3
>>> undefined
1

.. testsetup:: broken

   1 / 0

.. doctest:: broken

   >>> 1
   1

.. testcode::

   print("one")

.. testoutput::

   two
""",
}
CONF = """
extensions = [{extensions}]
doctest_global_setup = "shared = 'from the global setup'"
doctest_global_cleanup = "shared = None"
"""


def project(folder: Path, *extensions: str) -> Path:
    folder.mkdir()
    (folder / "conf.py").write_text(CONF.format(extensions=", ".join(map(repr, extensions))))
    (folder / "index.rst").write_text("Page\n====\n\n.. toctree::\n   :glob:\n\n   case*\n")
    for name, text in CASES.items():
        (folder / f"case-{name}.rst").write_text(f"Case\n====\n{text}")
    return folder


def words(done: Build) -> tuple[str, str]:
    """What the builder wrote for people: of the examples, and its summary; without the time and what we add."""
    text = done.text("output.txt")
    examples = "\n".join(line for line in text.partition("\nDocument:")[2].splitlines())
    summary = text[text.index("Doctest summary") :]
    end = re.search(r"\n+([\w./-]+:\d+: python of|python +\d)", examples)
    return examples[: end.start() if end else examples.index("Doctest summary")].strip(), summary


@pytest.mark.parametrize(("fail_fast", "failures"), [(False, (3, 1)), (True, (2, 0))])
def test_sphinx_and_we_say_the_same(
    build: Callable[..., Build], tmp_path: Path, fail_fast: bool, failures: tuple[int, int]
) -> None:
    options = {"doctest_fail_fast": fail_fast}
    theirs = build(project(tmp_path / "theirs", "sphinx.ext.doctest"), "doctest", warns=True, confoverrides=options)
    ours = build(project(tmp_path / "ours", "drillbook"), "doctest", warns=True, confoverrides=options)
    counted = re.findall(r"(\d) failures? in (?:tests|setup)", words(theirs)[1])
    assert tuple(map(int, counted)) == failures
    assert words(ours) == words(theirs)
    assert ours.status == theirs.status == 1


def test_each_python_example_has_its_verdict(build: Callable[..., Build], tmp_path: Path) -> None:
    done = build(project(tmp_path / "ours", "drillbook"), "doctest", warns=True)
    report = json.loads(done.text("report.json"))
    came = {(each["file"], each["text"]): each["verdict"] for each in report["examples"]}
    assert came["case-setup.rst", "math.floor(2.5)"] == "proven"
    assert came["case-options.rst", "object()  # doctest: +SKIP"] == "skipped"
    assert came["case-skipped.rst", "1"] == "skipped"
    assert came["case-skipped.rst", "raise SystemExit"] == "skipped"
    assert came["case-skipped.rst", "shared"] == "proven"
    assert came["case-wrong.rst", "1 + 1"] == "failed"
    assert came["case-wrong.rst", "undefined"] == "failed"
    assert came["case-wrong.rst", "1 / 0"] == "failed"
    (wrong,) = [each for each in report["examples"] if each["text"] == "1 + 1"]
    assert wrong["line"] == 4
