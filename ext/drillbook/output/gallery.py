"""The pictures of a manual: a folder with one SVG file a diagram, named by what it was made from. No Sphinx."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from drillbook.output.plantuml import EngineError, Failure, draw, engine


class Gallery:
    """Pictures from earlier builds and of this one; ``failures`` maps a source to why it has no picture."""

    def __init__(self, folder: Path, timeout_s: float) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        self.failures: dict[str, Failure] = {}

    def fill(self, sources: Iterable[str]) -> None:
        """Draw those of *sources* that have no picture yet, in one process.

        Raises :exc:`~drillbook.output.plantuml.EngineError` when there are any and nothing can draw or keep them;
        then they stay without a picture.
        """
        wanted = [source for source in dict.fromkeys(sources) if source not in self.failures]
        unfinished = self.failures | dict.fromkeys(wanted, Failure("nothing here can draw it"))
        finished, self.failures = self.failures, unfinished
        missing = [source for source in wanted if not _whole(self._file(source))]
        drawn = draw(missing, self._timeout_s) if missing else []
        for source, picture in zip(missing, drawn, strict=True):
            if isinstance(picture, Failure):
                finished[source] = picture
            else:
                self._keep(source, picture)
        self.failures = finished

    def known(self, source: str) -> bool:
        """Whether the source has a picture, or was found to have none."""
        return source in self.failures or _whole(self._file(source))

    def picture(self, source: str) -> str | None:
        """The picture of a source, as PlantUML wrote it."""
        if source in self.failures:
            return None
        try:
            return self._file(source).read_text(encoding="utf-8")
        except OSError:  # the folder was emptied under our feet
            return None

    def name(self, source: str) -> str:
        """What changes when the picture of a source does; empty when there is none."""
        return "" if source in self.failures else self._file(source).stem

    def _file(self, source: str) -> Path:
        made_from = f"{engine().digest}\n{source}"
        return self._folder / f"{sha256(made_from.encode()).hexdigest()}.svg"

    def _keep(self, source: str, svg: str) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # whole or not at all: another build may read it at this moment
            with NamedTemporaryFile("w", dir=self._folder, suffix=".new", delete=False, encoding="utf-8") as file:
                file.write(svg)
            Path(file.name).replace(self._file(source))
        except OSError as error:
            raise EngineError(f"diagrams cannot be kept in {self._folder}: {error}") from error


def _whole(file: Path) -> bool:
    """Whether a picture is there to its end: a machine that went down may have left a part of it."""
    try:
        return file.read_bytes().endswith(b"</svg>")
    except OSError:
        return False
