"""The builder ``typst``: the manual, or some pages of it, as one PDF."""

import json
import shutil
from collections.abc import Iterator, Set
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final

import segno
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util import logging
from sphinx.util.display import status_iterator

from drillbook.config import option_place
from drillbook.config.readers import PDF
from drillbook.language import _
from drillbook.model.stamp import doubt as doubt_of
from drillbook.output.made import made_from
from drillbook.output.typst import front
from drillbook.output.typst.engine import FONTS, PaperError, compile_pdf
from drillbook.output.typst.letters import Letters
from drillbook.output.typst.markup import call, value
from drillbook.output.typst.ops import OpsTranslator
from drillbook.output.typst.order import Page, chosen, pages, put_first
from drillbook.output.typst.places import MARK, Places
from drillbook.output.typst.subset import SubsetError, subset
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import stamps
from drillbook.warn import Warn, guarded, warn, warn_internal

LOGGER = logging.getLogger(__name__)
TEMPLATE: Final = Path(__file__).parent / "manual.typ"
IMPORT: Final = '#import "/manual.typ": *\n'
OWN_PAGE: Final = {"ops-tree", "ops-procedure"}
LOG_SHEETS: Final = 2
PAPERS: Final = {"a4": "a4", "letter": "us-letter"}  # names as printers have them, and as the engine has


class TypstBuilder(Builder):
    """Writes the markup of each page, then has the engine make the PDF."""

    name = "typst"
    format = "typst"
    epilog = "The PDF is in %(outdir)s."
    supported_image_types: ClassVar[list[str]] = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"]
    default_translator_class = OpsTranslator
    allow_parallel = False

    def get_outdated_docs(self) -> Iterator[str]:
        """All: a page says on which page of the PDF others are."""
        yield from self.env.found_docs

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """An address that the translator knows."""
        return f"{MARK}{docname}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """There is one file: nothing is relative."""
        return self.get_target_uri(to)

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Nothing."""

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Pages are written together."""

    def write_documents(self, docnames: Set[str]) -> None:
        """Write the markup of all pages that are wanted."""
        self.options: dict[str, Any] = {**PDF, **self.config.drillbook_pdf}
        every, unknown = put_first(pages(self.env), self.options["first"])
        unknown += [name for name in self.options["spread"] if name not in {page.docname for page in every}]
        self.pages, missing = chosen(every, self.config.drillbook_pdf_only)
        for option, names in (("drillbook_pdf", unknown), ("drillbook_pdf_only", missing)):
            for name in names:
                warn(
                    Warn.PAPER, f"there is no page {name!r} for the PDF", str(option_place(Path(self.confdir), option))
                )
        self.whole = self.pages == every
        self.places, self.images = Places(), {}
        self.drawn: dict[str, str] = {}
        self.fonts = self._fonts()
        self.large = list(self._large_fonts())
        self.letters = Letters(self.fonts, self.large)
        trees: dict[str, nodes.document] = {}
        for page in status_iterator(self.pages, "reading pages... ", "purple", len(self.pages), stringify_func=_name):
            tree = self.env.get_doctree(page.docname)
            self.env.apply_post_transforms(tree, page.docname)
            self.post_process_images(tree)
            self.places.add(page.docname, tree)
            trees[page.docname] = tree
        self.folder = Path(self.outdir) / "markup"
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "pages").mkdir(parents=True)
        self._place_images()
        self.spread = self._spread(trees) if self.whole else []
        self.files = [self._write_page(number, page, trees[page.docname]) for number, page in enumerate(self.pages)]

    def _place_images(self) -> None:
        """Copy the images that pages have."""
        self.pictures: dict[str, str] = {}
        for source in dict.fromkeys(self.images):
            file = Path(self.srcdir) / source
            name = f"{sha256(source.encode()).hexdigest()[:12]}{file.suffix}"
            target = self.folder / "images" / name
            target.parent.mkdir(exist_ok=True)
            try:
                shutil.copyfile(file, target)
                self.pictures[source] = f"images/{name}"
            except OSError as error:
                warn(Warn.PAPER, f"the image cannot be copied: {error}", str(file))

    def _write_page(self, number: int, page: Page, tree: nodes.document) -> str:
        translator = self._writer(page, tree)
        try:
            tree.walkabout(translator)
            markup = "".join(translator.body)
        except Exception as error:  # whatever it is, the other pages are made
            warn_internal("the page in the PDF", error, (page.docname, None))
            markup = (
                call("unknown", page.docname)
                + f"[{call('code', [[('', line)] for line in tree.astext().splitlines()])}]"
            )
        if missing := self.letters.noted():
            message = "no font of the PDF has these letters, which are shown by their numbers: "
            warn(
                Warn.PAPER,
                f"{message}{''.join(missing)}; `fonts` in drillbook_pdf names a folder",
                (page.docname, None),
            )
        stamp = stamps(self._app).whole(page.docname)
        own = (page.level <= 2 and not (page.part and page.level > 1)) or any(
            OWN_PAGE & set(node["classes"]) for node in tree.findall(nodes.container)
        )
        title = self.env.titles[page.docname].astext()
        says = stamps(self._app).says(stamp._replace(figures="")) if stamp else ""
        begin = call("begin-page", page.docname, self.letters.shown(title), says, own=own)
        file = f"pages/{number:04}.typ"
        (self.folder / file).write_text(f"{IMPORT}{begin}\n{markup}\n", encoding="utf-8")
        return file

    def _writer(self, page: Page, tree: nodes.document) -> Any:
        made: Any = self._app.registry.create_translator(self, tree, self, self.places, page.docname, page.level)
        made.pictures, made.drawn, made.letters = self.pictures, self.drawn, self.letters
        made.large = self.options["large"]
        return made

    def _spread(self, trees: dict[str, nodes.document]) -> list[str]:
        """The calls for what stands on the first two sheets: a table of each page that is needed at once."""
        listed = (page for name in self.options["spread"] for page in self.pages if page.docname == name)
        return [
            call("at-once", page.docname, self.letters.shown(self.env.titles[page.docname].astext())) + f"[{table}]"
            for page in listed
            if (table := front.first_table(trees[page.docname], self._writer(page, trees[page.docname])))
        ]

    def finish(self) -> None:
        """Write what is around the pages, and make the PDF."""
        main = self._write_main()
        (self.folder / "drawn").mkdir(exist_ok=True)
        for name, svg in self.drawn.items():
            (self.folder / "drawn" / name).write_text(svg, encoding="utf-8")
        self._cut_fonts()
        target = Path(self.outdir) / f"{self._file_name()}.pdf"
        standard = str(self.options["standard"])
        try:
            warned = compile_pdf(main, target, self.made.seconds, standard, self.fonts)
        except PaperError as error:
            warn(Warn.PAPER, f"the PDF cannot be made: {error}", f"{main}:1")
            return
        for said in warned:
            warn(Warn.PAPER, said, f"{main}:1")
        LOGGER.info("%s: %.1f MB", target, target.stat().st_size / 1e6)

    def _fonts(self) -> list[Path]:
        """The folders with fonts: ours, and that of the user."""
        own = Path(self.confdir) / str(self.options["fonts"])
        if not self.options["fonts"]:
            return [FONTS]
        if not own.is_dir():
            warn(Warn.PAPER, f"there is no folder {own}", str(option_place(Path(self.confdir), "drillbook_pdf")))
            return [FONTS]
        return [FONTS, own]

    def _large_fonts(self) -> Iterator[Path]:
        """The files of fonts that conf.py names for this language."""
        for name in self.options["letters"].get(self.config.language, ()):
            file = Path(self.confdir) / name
            if file.is_file():
                yield file
            else:
                warn(Warn.PAPER, f"there is no font {file}", str(option_place(Path(self.confdir), "drillbook_pdf")))

    def _cut_fonts(self) -> None:
        """Take the letters that the pages have out of the large fonts."""
        folder = Path(self.outdir) / "fonts"
        shutil.rmtree(folder, ignore_errors=True)
        written = (file for file in sorted(self.folder.rglob("*")) if file.suffix in (".typ", ".json", ".svg"))
        letters = self.letters.lacking("".join(file.read_text(encoding="utf-8") for file in written))
        if not letters:
            return
        for file in self.large:
            try:
                subset(file, sorted(letters), self.config.language, folder)
            except SubsetError as error:
                warn(Warn.PAPER, str(error), str(option_place(Path(self.confdir), "drillbook_pdf")))
        if folder.is_dir():
            self.fonts = [*self.fonts, folder]

    def _file_name(self) -> str:
        plain = "".join(letter if letter.isalnum() else "-" for letter in self.config.project.lower()).strip("-")
        chosen_pages = self.config.drillbook_pdf_only.replace("/", "-").replace(",", "+").replace(" ", "")
        return "-".join(filter(None, ["-".join(filter(None, plain.split("-"))) or "manual", chosen_pages]))

    def _write_main(self) -> Path:
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self.made = made_from(Path(self.confdir))
        alerts = front.alerts(domain, self.places)
        doubt, said = doubt_of(filter(None, (stamps(self._app).whole(page.docname) for page in self.pages)), _)
        live = self.config.html_baseurl
        only = self.pages[0].docname if len(self.pages) == 1 and not self.whole else ""
        address = f"{live.rstrip('/')}/{only + '.html' if only else ''}" if live else ""
        contacts = Path(self.confdir) / str(self.options["contacts"]) if self.options["contacts"] else None
        title = self.options["title"] or _("Operations manual")
        made = _("{project} {release}, commit {commit}, {day}").format(
            project=self.config.project, release=self.config.release, commit=self.made.commit_says(_), day=self.made.day
        )
        data = {
            "title": title
            if self.whole
            else f"{title}: {', '.join(self.env.titles[page.docname].astext() for page in self.pages[:3])}",
            "project": self.config.project,
            "author": self.config.author or self.config.project,
            "description": f"{self.config.project} {self.config.release}: {doubt}",
            "keywords": ["runbook", "operations", "incident"],
            **dict(zip(("language", "region"), f"{self.config.language}_".split("_"), strict=False)),
            "paper": PAPERS[str(self.options["paper"])],
            "large": self.options["large"],
            "parts": sum(1 for page in self.pages if page.part),
            "footer": f"{made}. {doubt}",
            "cover": front.cover(self, self.made),
            "doubt": doubt,
            "proofs": said,
            "live": address,
            "alerts": alerts,
            "contacts": front.contacts(contacts),
            "words": front.words(),
        }
        (self.folder / "manual.json").write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        shutil.copyfile(TEMPLATE, self.folder / "manual.typ")
        main = self.folder / "main.typ"
        main.write_text("\n".join(self._main(address, bool(alerts), domain)) + "\n", encoding="utf-8")
        return main

    def _main(self, address: str, has_alerts: bool, domain: OpsDomain) -> Iterator[str]:
        yield f"{IMPORT}#show: manual"
        if self.whole:
            yield call("cover", self._qr(address)) + "\n#pagebreak()"
            if has_alerts:
                yield "#alert-table()"
            yield from self.spread
            yield "#contacts()"
        part, around = 0, self.whole
        for page, file in zip(self.pages, self.files, strict=True):
            if around and page.docname not in self.options["first"]:
                yield "#contents()"
                around = False
            if page.part:
                part += 1
                yield call("begin-part", part, page.part, page.level > 1)
            yield f'#include "/{file}"'
        if self.whole:
            for number in range(LOG_SHEETS):
                yield call("log-sheet", number + 1)
            yield f"#index-of-words({value(front.index(self, domain, self.places))})"

    def _qr(self, address: str) -> str:
        if not address:
            LOGGER.info("the cover has no code to scan, as the manual has no address: html_baseurl in conf.py says it")
            return ""
        (self.folder / "drawn").mkdir(exist_ok=True)
        segno.make(address, micro=False).save(str(self.folder / "drawn" / "live.svg"), border=2, scale=4)
        return "drawn/live.svg"


def _name(page: Any) -> str:
    return str(page.docname)


@guarded()
def setup_typst(app: Sphinx) -> None:
    """Register the builder."""
    app.add_builder(TypstBuilder)
