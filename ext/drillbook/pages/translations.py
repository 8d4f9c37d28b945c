"""The manual in the language of a build: its catalogues, how much of each page they cover, and what is said of that.

A page in another language says so itself: which part of it is still in English, and whether somebody who speaks the
language has read it. Both stand under its title, as stamps do.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from docutils import nodes
from sphinx import locale
from sphinx.application import Sphinx
from sphinx.builders.gettext import MessageCatalogBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.i18n import docname_to_domain

from drillbook.model.translation import (
    FOLDER,
    Catalogue,
    CatalogueError,
    Covered,
    Message,
    catalogue,
    covered,
    one_line,
    read_messages,
)
from drillbook.pages.domain import OpsDomain
from drillbook.pages.words import PASSAGES, silent_words
from drillbook.warn import Warn, guarded, warn

COVERED: Final = "covered"  # among the models of a page: how much of it is translated
TRANSLATED: Final = ("owner", "keywords")  # of the front matter: what a reader sees, or searches by


class Catalogues:
    """The manual's catalogues of one language, read page by page."""

    def __init__(self, folders: Sequence[Path], language: str, compact: bool | str) -> None:
        self._folders, self._language, self._compact = folders, language, compact
        self._pages: dict[str, Catalogue] = {}

    def page(self, docname: str) -> Catalogue:
        """What there is of a page."""
        domain = docname_to_domain(docname, self._compact)
        if domain not in self._pages:
            self._pages[domain] = catalogue(self._read(domain), self._language)
        return self._pages[domain]

    def _read(self, domain: str) -> Iterator[tuple[Path, Sequence[Message]]]:
        for folder in self._folders:
            file = folder / self._language / FOLDER / f"{domain}.po"
            try:
                yield file, read_messages(file)
            except CatalogueError as error:
                warn(Warn.TRANSLATION, str(error))

    def said(self, docname: str, text: str) -> str:
        """*text* of a page in this language; as it is when nobody has translated it, or the translation is refused."""
        return self.page(docname).said.get(one_line(text), text)

    def covered(self, docname: str, passages: set[str]) -> Covered:
        """How much of a page there is."""
        found = self.page(docname)
        if docname_to_domain(docname, self._compact) != docname:  # what other pages say, too: nothing of that has gone
            found = found._replace(said={one: said for one, said in found.said.items() if one in passages})
        return covered(passages, found)

    def refuse(self, docname: str) -> None:
        """Keep Sphinx from showing what is refused of a page: there, each such message is its own translation."""
        if refused := self.page(docname).refused:
            read, _ = locale.init(self._folders, self._language, docname_to_domain(docname, self._compact))
            getattr(read, "_catalog", {}).update({one: one for one in refused})  # where Sphinx's transform looks, too


@guarded()
def begin(app: Sphinx) -> None:
    """Look for catalogues of this build's language; a manual that is written in it has none."""
    domain = _ops(app.env)
    domain.extracts = isinstance(app.builder, MessageCatalogBuilder)
    folders = [Path(app.srcdir) / folder for folder in app.config.locale_dirs]
    if not domain.extracts and any((folder / app.config.language / FOLDER).is_dir() for folder in folders):
        domain.catalogues = Catalogues(folders, app.config.language, app.config.gettext_compact)


@guarded(place=lambda app, document: (app.env.docname, None))
def note_page(app: Sphinx, document: nodes.document) -> None:
    """Keep how much of a page that has been read is translated, with its front matter; let that be extracted, too."""
    domain, docname = _ops(app.env), app.env.current_document.docname
    told = [str(app.env.metadata[docname].get(name, "")) for name in TRANSLATED]
    said = {one_line(text) for text in told if text}
    if domain.extracts:
        document += silent_words(*sorted(said), source=str(document["source"]))
    elif domain.catalogues:
        said |= document.__dict__.pop(PASSAGES, set())  # no part of the page: it is not kept
        domain.note_model(COVERED, docname, domain.catalogues.covered(docname, said))
        _warn_refused(domain, docname, said)


def _warn_refused(domain: OpsDomain, docname: str, passages: set[str]) -> None:
    """Name what must be the same in every language and is not, of the *passages* of a page."""
    for message, problems in domain.catalogues.page(docname).refused.items():
        if message in passages:
            domain.troubled[docname] = True  # read again, and so judged again, until it is right
            for place, problem in problems:
                warn(Warn.TRANSLATION, f"{problem}: the page shows this passage as it was written", place)


def coverage(domain: OpsDomain, docname: str) -> Covered | None:
    """How much of a page is translated; none in the language that the manual is written in."""
    found: tuple[Covered, ...] = domain.models.get(docname, {}).get(COVERED, ())
    return found[0] if found else None


def _ops(env: BuildEnvironment) -> OpsDomain:
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return domain


def setup_translations(app: Sphinx) -> None:
    """Read catalogues before pages are read, and look at each page afterwards."""
    app.connect("builder-inited", begin)
    app.connect("doctree-read", note_page, priority=900)  # when the front matter has been read
