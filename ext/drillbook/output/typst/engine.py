"""The engine: Typst in a wheel. It reads no system font, no package and nothing outside of its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typst

FONTS: Final = Path(__file__).parent.parent / "fonts"


class PaperError(Exception):
    """The PDF cannot be made; the message is the engine's."""


def compile_pdf(main: Path, target: Path, seconds: int, standard: str, fonts: Sequence[Path]) -> list[str]:
    """Make *target* of *main* and what it includes, whole or not at all; answers what the engine warns of.

    Args:
        main: In the folder that holds all that is read.
        target: The PDF.
        seconds: Its time, since 1970.
        standard: The name of one as Typst has it, ``ua-1`` or ``a-2a``; empty for none.
        fonts: Folders with fonts.
    """
    new = target.with_name(f".{target.name}.new")
    options: dict[str, Any] = {"pdf_standards": [standard] if standard else []}
    try:
        compiler = typst.Compiler(
            str(main), root=str(main.parent), font_paths=list(map(str, fonts)), ignore_system_fonts=True
        )
        _, warned = compiler.compile_with_warnings(output=str(new), format="pdf", timestamp=seconds, **options)
        new.replace(target)
    except (typst.TypstError, OSError, ValueError) as error:
        raise PaperError(_said(error)) from error
    finally:
        new.unlink(missing_ok=True)
    return [_said(warning) for warning in warned]


def _said(error: Any) -> str:
    parts = [str(getattr(error, "message", "") or error), *map(str, getattr(error, "hints", ()) or ())]
    trace = [str(line) for line in getattr(error, "trace", ()) or ()]
    return "; ".join([*parts, *trace[:3]])
