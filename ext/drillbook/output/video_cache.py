"""The videos of recordings as files: made when they are missing, kept by what they are made from. No Sphinx.

The packages that make one are imported then, and not before. Nobody edits a video, and none is in git.
"""

from collections.abc import Set
from filecmp import cmp
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import copyfile
from tempfile import NamedTemporaryFile
from typing import Final, NamedTuple

from drillbook.model import playback as playbacks
from drillbook.model.playback import Playback
from drillbook.output import screens, webm

PACKAGES: Final = ("av", "pyte", "pillow")
_INSTALL: Final = "videos need packages: pip install 'drillbook[video]'"
_CODE: Final = (playbacks, screens, webm)  # a change of it makes all of them anew


class MissingError(Exception):
    """The packages that make videos are not here; the message says what to install."""


class Made(NamedTuple):
    """A video in the cache: what it plays, the digest of what it was made from, and its files."""

    playback: Playback
    digest: str
    video: Path
    poster: Path


def made_of(folder: Path, playback: Playback) -> Made:
    """The video of *playback*: the one in the cache, or a new one. Raises :exc:`MissingError`."""
    digest = _digest(playback)
    made = Made(playback, digest, folder / f"{digest}.webm", folder / f"{digest}.png")
    if not (made.video.exists() and made.poster.exists()):
        try:
            painter = screens.Painter(playback)
            encoded = webm.encode(painter.size, painter.pictures())
        except ImportError as error:
            raise MissingError(f"{_INSTALL} ({error})") from error
        folder.mkdir(parents=True, exist_ok=True)
        _keep(made.poster, screens.png(painter.title()))
        _keep(made.video, encoded)
    return made


def publish(folder: Path, made: dict[str, Made]) -> None:
    """Have in *folder* the videos and their posters, by name, and nothing else."""
    wanted = {
        folder / f"{name}{file.suffix}": file for name, each in made.items() for file in (each.video, each.poster)
    }
    for target, file in wanted.items():
        if not (target.exists() and cmp(file, target, shallow=False)):
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(file, target)
    tidy(folder, wanted.keys())


def tidy(folder: Path, wanted: Set[Path]) -> None:
    """Remove what is not *wanted*, and the folders that this leaves empty."""
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink(missing_ok=True)


def _digest(playback: Playback) -> str:
    try:
        versions = [version(package) for package in PACKAGES]
    except PackageNotFoundError as error:
        raise MissingError(f"{_INSTALL} ({error})") from error
    files = [Path(module.__file__ or "") for module in _CODE]
    files += sorted(screens.FONTS.glob("DrillbookMono-*.ttf"))
    parts = [repr(playback), *versions, *(sha256(file.read_bytes()).hexdigest() for file in files)]
    return sha256("\n".join(parts).encode()).hexdigest()


def _keep(file: Path, content: bytes) -> None:
    # whole or not at all: another build may read it at this moment
    with NamedTemporaryFile(dir=file.parent, suffix=".new", delete=False) as new:
        new.write(content)
    Path(new.name).chmod(0o644)  # a temporary file is its owner's alone, and this one is published
    Path(new.name).replace(file)
