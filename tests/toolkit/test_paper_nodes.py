"""Every kind of node that docutils, Sphinx, MyST and sphinx-design make, on paper: each word of it is there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.toolkit.building import Build

CONF = """
project = "Kinds"
extensions = ["myst_parser", "sphinx_design", "sphinx.ext.todo", "sphinx.ext.mathjax", "sphinx.ext.doctest",
              "sphinx.ext.graphviz", "sphinx.ext.autodoc", "drillbook"]
todo_include_todos = True
myst_enable_extensions = ["colon_fence", "deflist", "tasklist", "dollarmath", "fieldlist", "attrs_inline", "strikethrough"]
myst_footnote_transition = False
nitpicky = True
suppress_warnings = ["toc.not_included", "myst.strikethrough"]
rst_prolog = ".. |swap| replace:: swapped text"
"""
INLINE = """\
Inline
======

*emphasis* **strong** ``literal`` `title` :sub:`sub` :sup:`sup` :kbd:`Ctrl+C` :guilabel:`Button` :menuselection:`A --> B`
:command:`rm` :file:`/etc/{name}` :samp:`print {x}` :abbr:`LIFO (last in)` :dfn:`term` :mailheader:`Subject` :manpage:`ls(1)`
:regexp:`[ab]` :envvar:`HOME` :program:`tool` :option:`--deep` :math:`a^2` :pep:`8` :rfc:`2119` :term:`hull` :doc:`blocks`
:ref:`named <here>` :download:`file <data.txt>` :numref:`pic` |swap| https://outside.example `out <https://out.example/x>`_
note [#f]_ again [#f]_ other [#]_ cited [Cit]_ :eq:`first` :py:func:`sail` :token:`rule` :any:`hull` :index:`marked`
:ref:`there <tab>` :strong:`x` inline_ target

.. _inline: https://inline.example

.. _here:

.. rubric:: A rubric

.. [#f] The first footnote.
.. [#] The second footnote.
.. [#unused] A footnote that nothing refers to.
.. [Cit] What is cited.
"""
BLOCKS = """\
Blocks
======

:field: docinfo value
:other: more

Section two
-----------

Section three
^^^^^^^^^^^^^

.. contents:: Local
   :local:

- one

  - inner

    second paragraph
- two

3. three
4. four

   a) letter a
   b) letter b

#. automatic

i. roman one
ii. roman two

term
   definition

term : classifier : another
   other definition

:name: value
:longer name: another value

   A quotation.

   -- Attribution

.. epigraph::

   Epigraph text

   -- Poet

.. highlights::

   Highlight text

.. pull-quote::

   Pulled text

.. compound::

   Compound one

   Compound two

.. container:: special

   Contained

| line one
|   line two
| line three

-a            option a
--long=VALUE  option long
/V            option slash

.. parsed-literal::

   parsed *emph* |swap|

::

   literal block

.. code-block:: python
   :linenos:
   :emphasize-lines: 1
   :caption: A caption of code
   :name: code

   def sail():
       return "wind"  # comment

.. code-block:: no-such-language
   :force:

   whatever

>>> 1 + 1
2

.. testcode::

   print("tested")

.. testoutput::

   tested

.. math::
   :label: first

   a^2 + b^2 = c^2

----

.. sidebar:: Sidebar title
   :subtitle: Sidebar subtitle

   Sidebar text

.. topic:: Topic title

   Topic text

.. attention:: attention text
.. caution:: caution text
.. danger:: danger text
.. error:: error text
.. hint:: hint text
.. important:: important text
.. note:: note text
.. tip:: tip text
.. warning:: warning text
.. admonition:: Own title

   own text
.. seealso:: see this
.. todo:: to be done
.. todolist::

.. versionadded:: 1.0
   Added text
.. versionchanged:: 2.0
.. deprecated:: 3.0
   Old text
.. versionremoved:: 4.0

.. centered:: Centred text

.. hlist::
   :columns: 2

   * first
   * second
   * third

.. glossary::

   hull
   body
      What swims.

.. productionlist::
   rule: "a" | `other`
   other: "b"

.. only:: typst

   On paper only

.. only:: html

   never here

.. raw:: html

   <b>not here</b>

.. tabularcolumns:: |l|l|

.. _tab:

.. list-table:: A titled table
   :header-rows: 1
   :stub-columns: 1
   :widths: 20 80

   * - head a
     - head b
   * - stub
     - cell

.. csv-table::

   alpha, beta
   gamma, delta

+------+-------------+
| span over two      |
+======+=============+
| down | right one   |
|      +-------------+
|      | right two   |
+------+-------------+

.. _pic:

.. figure:: dot.png
   :alt: a dot
   :width: 50%

   Caption of a figure

   Legend of a figure

.. image:: dot.png
   :alt: another dot
   :target: https://outside.example

Inline |dot| image.

.. |dot| image:: dot.png
   :alt: inline dot

.. py:function:: sail(wind: int, *, fast: bool = True) -> str
   :module: boat

   Sails away.

   :param wind: strength
   :raises ValueError: when calm
   :returns: a port

.. py:function:: sail

.. py:class:: Boat[T](name)
   :canonical: boat.Boat

   .. py:attribute:: mast
      :type: str
      :value: "tall"

   .. py:property:: length

.. c:function:: int row(int oars, ...)

.. cpp:class:: template<typename T> Hull : public Body

.. js:function:: steer(degrees[, fast])

.. rst:directive:: .. harbour:: name

.. rst:role:: quay

.. program:: tool

.. option:: --deep <metres>, -d <metres>

   How deep.

.. envvar:: HOME

   Where one lives.

.. confval:: anchor_length
   :type: ``int``
   :default: ``5``

   How long.

.. highlight:: console

.. index:: pair: rope; knot

.. acks::

   * Ada
   * Bob

.. comment
"""
MARKDOWN = """\
# Markdown

~~struck~~ and <b>html</b> and `code`{.python} and $a^2$

- [ ] open task
- [x] done task

Term
: Definition

:::{tip}
:class: dropdown
Tip text
:::

::::{tab-set}
:::{tab-item} First tab
First content
:::
:::{tab-item} Second tab
Second content
:::
::::

::::{grid} 2
:::{grid-item-card} Card title
:link: https://outside.example
Header text
^^^
Card text
+++
Footer text
:::
:::{grid-item}
Grid text
:::
::::

:::{dropdown} Folded title
Folded text
:::

```{button-link} https://outside.example
A button
```

{bdg-primary}`badge` {octicon}`alert`

:::{card-carousel} 2
:::{card} In a carousel
Carousel text
:::
:::

```{math}
x = y
```

| a | b |
|---|--:|
| c | d |
"""
FILES = {
    "conf.py": CONF,
    "index.rst": "Kinds\n=====\n\n.. toctree::\n   :caption: Kinds of things\n\n   inline\n   blocks\n   markdown\n",
    "inline.rst": INLINE,
    "blocks.rst": BLOCKS,
    "markdown.md": MARKDOWN,
    "data.txt": "data",
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001"
    "48afa4710000000049454e44ae426082"
)


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """The project."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "dot.png").write_bytes(PNG)
    return folder


def words(text: str) -> set[str]:
    """The words of a text: of letters and digits."""
    return set(re.findall(r"[^\W_]+", text))


def test_every_word_of_every_kind_of_node_is_on_paper(kinds: Path, build: Callable[..., Build]) -> None:
    done = build(kinds, "typst", warns=True)
    assert "has no form" not in done.warnings and "cannot be" not in done.warnings
    text = " ".join(page.extract_text().replace("\u200b", "") for page in PdfReader(done.output / "kinds.pdf").pages)
    paper = words(text)
    told = build(kinds, "text", warns=True)
    for page in ("inline", "blocks", "markdown"):
        wanted = re.sub(r"\[image[^\]]*\]", "", (told.output / f"{page}.txt").read_text())
        # what reads the PDF sometimes joins the words of two cells
        missing = {word for word in words(wanted) - paper if not word.isdigit() and word not in text}
        assert not missing, f"{page}: {sorted(missing)}"
    assert {"On", "paper", "only"} <= paper
    assert "not here" in text and re.search(r"blocks\.rst:\d+: WARNING: the PDF cannot show raw html", done.warnings)
    assert "file (data.txt)" in " ".join(text.split())
    assert "never" not in paper
