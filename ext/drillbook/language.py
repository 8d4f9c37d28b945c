"""The language of a build: what the toolkit itself says on pages, from its own catalogue in ``locales/``.

What an author wrote is in the catalogues of the manual, which Sphinx reads. Commands, evidence and data stay English.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from sphinx import locale
from sphinx.application import Sphinx

CATALOGUE: Final = "drillbook"
LOCALES: Final = Path(__file__).parent / "locales"
SOURCE: Final = "en"  # the language that the toolkit is written in
Translate = Callable[[str], str]
_translate: Final = locale.get_translation(CATALOGUE)


def _(message: str) -> str:
    """*message* in the language of this build; as it is outside of one, or when nobody has translated it."""
    return str(_translate(message))


@cache
def translator(language: str) -> Translate:
    """What translates our messages into *language*, for who speaks outside of a build, or several languages at once."""
    from babel.messages.pofile import read_po  # here: a manual in English needs none of it

    said: dict[str, str] = {}
    if found := _catalogue(language):
        with found[1].open("rb") as opened:
            said = {str(one.id): str(one.string) for one in read_po(opened) if one.id and one.string}
    return lambda message: said.get(message, message)


def _catalogue(language: str) -> tuple[str, Path] | None:
    """The name and the file of the catalogue that has a language, the best one: ``de_AT`` is German, too."""
    for name in dict.fromkeys((language, language.partition("_")[0])):
        if (file := LOCALES / name / "LC_MESSAGES" / f"{CATALOGUE}.po").is_file():
            return name, file
    return None


def setup_language(app: Sphinx) -> None:
    """Compile the catalogue of the language into the build folder, and have Sphinx read it."""
    locale.translators.pop(("general", CATALOGUE), None)  # that of another build in this process
    folder = Path(app.doctreedir) / "words"
    if found := _catalogue(app.config.language or SOURCE):
        name, source = found
        _compile(source, name, folder / name / "LC_MESSAGES" / f"{CATALOGUE}.mo")
    app.add_message_catalog(CATALOGUE, folder)


def _compile(source: Path, language: str, target: Path) -> None:
    from babel.messages.mofile import write_mo  # here: a manual in English needs none of it
    from babel.messages.pofile import read_po

    with source.open("rb") as opened:
        catalogue = read_po(opened, locale=language)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    with new.open("wb") as out:
        write_mo(out, catalogue)
    new.replace(target)
