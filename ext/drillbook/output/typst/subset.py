"""Letters that the toolkit's fonts lack, out of a large font: those that the manual has, and no others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]

COLLECTIONS: Final = (".ttc", ".otc")
FACES: Final = {"zh_CN": "SC", "zh_TW": "TC", "zh_HK": "HK", "ja": "JP", "ko": "KR"}  # how the names of faces end
_FAMILY: Final = 1  # the number of that name in a font


class SubsetError(Exception):
    """A font that cannot be read, or cut; the text says why."""


def subset(file: Path, letters: Iterable[str], language: str, folder: Path) -> Path:
    """Write to *folder* a font that has *letters* of the font *file*; of several faces in it, that of *language*.

    Raises :exc:`SubsetError`.
    """
    try:
        font = _face(file, FACES.get(language, ""))
        options = Options(notdef_outline=True, name_IDs=["*"], ignore_missing_unicodes=True, recalc_timestamp=False)
        cut = Subsetter(options)
        cut.populate(text="".join(letters))
        cut.subset(font)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{file.stem}{'.otf' if font.sfntVersion == 'OTTO' else '.ttf'}"
        font.save(target)
        return target
    except (OSError, TTLibError, KeyError, ValueError) as error:
        raise SubsetError(f"the font {file} cannot be used: {error}") from error


def _face(file: Path, ending: str) -> Any:
    if file.suffix.lower() not in COLLECTIONS:
        return TTFont(file, lazy=True, recalcTimestamp=False)
    faces = TTCollection(file, lazy=True).fonts
    named = (number for number, face in enumerate(faces) if str(face["name"].getDebugName(_FAMILY)).endswith(ending))
    return TTFont(file, fontNumber=next(named, 0), lazy=True, recalcTimestamp=False)
