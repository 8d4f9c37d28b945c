"""``drillbook translations``: per language and page what is translated, missing, stale and signed, and what is wrong."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.model.data import DataError
from drillbook.model.evidence import TRANSLATION, EvidenceError, file_of, read_signature, write_text
from drillbook.model.translation import (
    FOLDER,
    CatalogueError,
    Covered,
    Message,
    catalogue,
    covered,
    languages,
    problems,
    read_messages,
)
from drillbook.review.signing import SignError, identity, sign_translation

EPILOG: Final = """\
examples:
  drillbook translations        all languages
  drillbook translations de     one of them

It reads what the gettext builder wrote: run `make translations` first.

exit status:
  0  no translation changes what must be the same in every language
  1  one does: a role, a link, a literal, a number or its unit, a place for a value
  2  usage, or a catalogue cannot be read
"""
FINE, WRONG = 0, 1
UNSIGNED, SIGNED, CHANGED = "not signed", "signed", "changed since it was signed"


class PageReport(NamedTuple):
    """A page in one language: how many of its passages are translated, missing, and of an older text; who signed it."""

    page: str
    passages: int
    translated: int
    missing: int
    stale: int
    signature: str
    reviewer: str = ""
    day: str = ""


class Places(NamedTuple):
    """Where things are: the messages of the pages, the catalogues, the evidence."""

    messages: Path
    locales: Path
    evidence: Path

    def pages(self) -> list[str]:
        """The pages of the manual. Raises :exc:`~drillbook.model.data.DataError` when there are none."""
        found = sorted(
            file.relative_to(self.messages).with_suffix("").as_posix() for file in self.messages.rglob("*.pot")
        )
        if not found:
            raise DataError(f"there are no messages in {self.messages}: `make translations` writes them")
        return found

    def catalogue(self, language: str, page: str) -> Path:
        """The file that has a page in a language."""
        return self.locales / language / FOLDER / f"{page}.po"

    def passages(self, page: str) -> set[str]:
        """What a page says."""
        return {message.source for message in read_messages(self.messages / f"{page}.pot")}

    def covered(self, language: str, page: str) -> Covered:
        """How much of a page there is in a language."""
        file = self.catalogue(language, page)
        return covered(self.passages(page), catalogue([(file, read_messages(file))], language))

    def wrong(self, language: str, page: str) -> Iterator[str]:
        """What must be the same in every language and is not, each with its place."""
        file = self.catalogue(language, page)
        for message in read_messages(file):
            yield from (f"{file}:{message.line}: {problem}" for problem in problems(message, language))


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "translations",
        help="list what of the manual is translated, and what is wrong with it",
        description="List per language and page what is translated, missing, of an older text, and signed; check that no "
        "translation changes what must be the same in every language.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("languages", nargs="*", metavar="LANGUAGE", help="which ones (default: all that there are)")
    add_places(made)
    made.add_argument(
        "--evidence",
        type=Path,
        default=Path("source/evidence"),
        metavar="FOLDER",
        help="where signatures are kept (default: %(default)s)",
    )
    made.add_argument(
        "--report",
        type=Path,
        default=Path("build/translations"),
        metavar="FOLDER",
        help="where output.txt and report.json are written (default: %(default)s)",
    )
    made.set_defaults(handler=run)


def add_places(made: argparse.ArgumentParser) -> None:
    """The options that say where things are."""
    for option, default, says in (
        ("--messages", "build/gettext", "the messages of the pages, from the gettext builder"),
        ("--locales", "source/locales", "the catalogues"),
    ):
        made.add_argument(
            option, type=Path, default=Path(default), metavar="FOLDER", help=f"{says} (default: %(default)s)"
        )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    places = Places(options.messages, options.locales, options.evidence)
    there = list(languages([places.locales]))
    if unknown := sorted(set(options.languages) - set(there)):
        raise DataError(f"there are no catalogues for {', '.join(unknown)}; there are: {', '.join(there) or 'none'}")
    pages = places.pages()
    try:
        report = {
            language: [_page(places, language, page) for page in pages] for language in options.languages or there
        }
        wrong = [found for language in report for page in pages for found in places.wrong(language, page)]
    except CatalogueError as error:
        raise DataError(str(error)) from error
    lines = [*_lines(report), *wrong]
    write_text(options.report / "output.txt", "\n".join(lines) + "\n")
    data = {
        "languages": {language: [page._asdict() for page in found] for language, found in report.items()},
        "problems": wrong,
    }
    write_text(options.report / "report.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    print("\n".join(lines))
    print(f"It is in {options.report / 'output.txt'}")
    for found in wrong:
        print(f"drillbook: {found}", file=sys.stderr)
    return WRONG if wrong else FINE


def _page(places: Places, language: str, page: str) -> PageReport:
    found = places.covered(language, page)
    signature = _signature(places, language, page, found)
    return PageReport(page, found.passages, found.translated, found.missing, found.stale, *signature)


def _signature(places: Places, language: str, page: str, found: Covered) -> tuple[str, str, str]:
    try:
        file = file_of(places.evidence, TRANSLATION, f"{language}/{page}")
        signed = read_signature(file) if file.exists() else None
    except EvidenceError as error:
        raise DataError(str(error)) from error
    if signed is None:
        return UNSIGNED, "", ""
    return SIGNED if signed.content == found.content else CHANGED, signed.reviewer, signed.day.isoformat()


def _lines(report: dict[str, list[PageReport]]) -> Iterator[str]:
    for language, pages in report.items():
        yield f"{language}: {_counted(pages)}"
        width = max(len(page.page) for page in pages)
        for page in pages:
            yield (
                f"  {page.page:<{width}}  {page.translated:>4} of {page.passages:>4} translated, "
                f"{page.missing:>4} missing, {page.stale:>3} stale, {page.signature}"
            )


def _counted(pages: Sequence[PageReport]) -> str:
    passages, translated = sum(page.passages for page in pages), sum(page.translated for page in pages)
    signed = sum(page.signature == SIGNED for page in pages)
    share = 100 * translated / max(passages, 1)
    return f"{translated} of {passages} passages translated ({share:.1f} %), {signed} of {len(pages)} pages signed"


# one page, for who signs it


class Translation(NamedTuple):
    """A page in one language, as it is signed: ``language/page``, its messages, and how much of it is translated."""

    name: str
    messages: tuple[Message, ...]
    covered: Covered


def translation(places: Places, language: str, page: str) -> Translation:
    """The translation of a page. Raises :exc:`SignError` when there is none, or when it is wrong."""
    if page not in places.pages():
        raise SignError(f"{page!r} is no page of {places.messages}: write it as in alerts/HighLatency")
    file = places.catalogue(language, page)
    try:
        messages = read_messages(file)
    except CatalogueError as error:
        raise SignError(str(error)) from error
    if wrong := list(places.wrong(language, page)):
        raise SignError("\n".join(["what must be the same in every language is not:", *wrong]))
    found = places.covered(language, page)
    if not found.translated:
        raise SignError(f"{file}: nothing of {page} is translated")
    return Translation(f"{language}/{page}", messages, found)


def review(options: argparse.Namespace) -> int:
    """Show the translation of a page, or sign it: ``drillbook review PAGE --language de``."""
    found = translation(Places(options.messages, options.locales, options.evidence), options.language, options.page)
    counted = f"{found.covered.translated} of {found.covered.passages} passages are translated."
    if not options.sign:
        for message in found.messages:
            print(f"{message.source}\n  {message.said or '(not translated)'}\n")
        print(counted)
        return FINE
    who = identity(options.evidence)
    if not options.yes and not _agreed(found.name, counted, str(who)):
        raise SignError("not signed")
    file = sign_translation(found.name, found.covered.content, who, options.evidence)
    print(f"{file}: signed by {who}. Commit it.")
    return FINE


def _agreed(name: str, counted: str, who: str) -> bool:
    if not sys.stdin.isatty():
        raise SignError("nobody is there to be asked: sign on a terminal, or with --yes")
    print(counted)
    try:
        answer = input(f"Do you speak the language, and have you read all of {name}, as {who}? Type yes: ")
    except (EOFError, KeyboardInterrupt):
        print()
        return False
    return answer.strip().lower() == "yes"
