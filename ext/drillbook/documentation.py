"""The Python face: make pages, judge a manual, publish it, from a program instead of a command line.

:class:`ProductionDocumentation` is the one class to begin with; it only passes on to the generator, the validator and
the publisher, which use the same models, directives and builds as everything else.
"""

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook import process
from drillbook.model.blank import Blank
from drillbook.model.data import read_procedure
from drillbook.model.procedure import Part, Procedure, Step
from drillbook.pages.numbers import NAKED

BUILD_LIMIT_S: Final = 600
NEEDED: Final = ("index.html", "objects.inv", "ops.json")  # what a manual that may be published has
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|$~^]|^[+>|&!%@'\"]|^-(?! )|(?<=\d)\.(?=\s)", re.MULTILINE)
_WARNING = re.compile(
    r"(?P<file>[^:\n]*?)(?::(?P<line>\d+))?: (?:WARNING|ERROR|CRITICAL|SEVERE): (?P<message>.*?)(?: \[(?P<kind>[\w.-]+)\])?"
)


class DocumentationError(Exception):
    """What was asked for cannot be made; the text says why."""


class Problem(NamedTuple):
    """A warning of a build. ``line`` is 0 and ``file`` empty where it has none; ``kind`` is like ``drillbook.tree``."""

    file: str
    line: int
    kind: str
    message: str


class Report(NamedTuple):
    """What a validation found: ``ok`` when the build ended well and had no warning."""

    ok: bool
    problems: tuple[Problem, ...]
    procedures: int
    trees: int


class DocumentationGenerator:
    """Writes pages in MyST Markdown."""

    def runbook(self, procedures: Iterable[Procedure | Mapping[str, Any]], title: str = "Runbook") -> str:
        """A page with *procedures*: models, or mappings of the shape that they have in ``ops.json``.

        Raises :exc:`DocumentationError` when there is none, or two differ in a blank of one name, :exc:`~drillbook.model.data.DataError` when a mapping is
        not of that shape.
        """
        models = [found if isinstance(found, Procedure) else read_procedure(dict(found)) for found in procedures]
        if not models:
            raise DocumentationError("a runbook needs a procedure")
        declared: dict[str, Blank] = {}  # a page declares a blank once, for all procedures on it
        pages = []
        for model in models:
            new = [blank for blank in model.blanks if declared.get(blank.name) != blank]
            if clash := [blank.name for blank in new if blank.name in declared]:
                raise DocumentationError(f"the blank {clash[0]!r} of {model.name} differs from one before: rename it")
            declared |= {blank.name: blank for blank in new}
            pages.append(_procedure(model._replace(blanks=tuple(new))))
        return f"# {_prose(title)}\n\n" + "\n".join(pages)

    def architecture(self, system_config: Iterable[Mapping[str, Any]], title: str = "Architecture") -> str:
        """A page with *system_config*: components with ``name``, and if known ``title``, ``description``, ``kind`` and
        ``depends_on`` (names). With the PlantUML extension it begins with a diagram.

        Raises :exc:`DocumentationError` for a component without a name, or one that depends on what there is not.
        """
        components = [dict(component) for component in system_config]
        names = [str(component.get("name") or "") for component in components]
        if not all(re.fullmatch(r"[\w.-]+", name) for name in names):
            raise DocumentationError(f"each component needs a name of letters, digits, . - and _: {names}")
        for component in components:
            if unknown := [name for name in component.get("depends_on", ()) if name not in names]:
                raise DocumentationError(f"{component['name']} depends on {', '.join(unknown)}, which is no component")
        diagram = _diagram(components) if find_spec("sphinxcontrib.plantuml") else ""
        return f"# {_prose(title)}\n\n{diagram}" + "\n".join(map(_component, components))


class DocumentationValidator:
    """Builds a manual in a scratch folder and says what was wrong with it."""

    def validate(self, doc_path: Path) -> Report:
        """Judge the manual in *doc_path*, a folder with an ``index`` page, and conf.py in it or above it.

        Nothing is written there. Raises :exc:`DocumentationError` if there is no such folder, or no conf.py.
        """
        with tempfile.TemporaryDirectory(prefix="drillbook-") as scratch:
            output = Path(scratch) / "html"
            done = _build(doc_path, output)
            said = (done.stdout + done.stderr).decode("utf-8", "replace")
            problems = tuple(_problems(said, doc_path.resolve()))
            data = _data(output)
        ok = done.status == 0 and not done.timed_out and not problems
        if not ok and not problems:
            reason = "the build did not end in time" if done.timed_out else said.strip() or "the build failed"
            problems = (Problem("", 0, "", reason),)
        return Report(ok, problems, len(data.get("procedures", ())), len(data.get("trees", ())))


class DocumentationPublisher:
    """Publishes a manual as static HTML: wholly, or not at all."""

    def publish(self, doc_path: Path, target: Path) -> Path:
        """Build *doc_path* into a new folder beside *target*, then make *target* a link to it, in one step.

        Gives the new folder; the one before is kept. Raises :exc:`DocumentationError` when the build fails or lacks
        something, or when *target* is there and is no link: what it led to before stays as it was.
        """
        if target.exists() and not target.is_symlink():
            raise DocumentationError(f"{target} is there and is no link: publishing replaces only its own links")
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
        try:
            done = _build(doc_path, new)
            missing = [name for name in NEEDED if not (new / name).is_file()]
            if done.status != 0 or missing:
                said = done.stderr.decode("utf-8", "replace")[-2000:]
                raise DocumentationError(f"nothing was published: {', '.join(missing) or 'the build failed'}\n{said}")
            shutil.rmtree(new / ".doctrees", ignore_errors=True)
            new.chmod(0o755)  # mkdtemp keeps it from everybody else, and a web server is somebody else
            link = new.with_name(f".{new.name}.link")
            link.symlink_to(new.name)
            os.replace(link, target)  # noqa: PTH105 - says that it is atomic
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return new


class ProductionDocumentation:
    """Pages for *folder*, the source folder of a manual."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generator = DocumentationGenerator()
        self.validator = DocumentationValidator()
        self.publisher = DocumentationPublisher()

    def create_runbook(self, procedures: Iterable[Procedure | Mapping[str, Any]], name: str = "runbook") -> Path:
        """Write a page with *procedures*; see :meth:`DocumentationGenerator.runbook`."""
        return self._write(name, self.generator.runbook(procedures))

    def generate_architecture_docs(
        self, system_config: Iterable[Mapping[str, Any]], name: str = "architecture"
    ) -> Path:
        """Write a page about components; see :meth:`DocumentationGenerator.architecture`."""
        return self._write(name, self.generator.architecture(system_config))

    def validate_documentation(self, doc_path: Path | None = None) -> Report:
        """Judge a manual, by default this one; see :meth:`DocumentationValidator.validate`."""
        return self.validator.validate(doc_path or self.folder)

    def publish(self, target: Path) -> Path:
        """Publish this manual; see :meth:`DocumentationPublisher.publish`."""
        return self.publisher.publish(self.folder, target)

    def _write(self, name: str, text: str) -> Path:
        page = self.folder / f"{name}.md"
        page.write_text(text, encoding="utf-8")
        return page


def _build(doc_path: Path, output: Path) -> process.Completed:
    folder = doc_path.resolve()
    if not folder.is_dir():
        raise DocumentationError(f"there is no folder {doc_path}")
    conf = next((place for place in (folder, *folder.parents) if (place / "conf.py").is_file()), None)
    if conf is None:
        raise DocumentationError(f"there is no conf.py in {doc_path} or above it")
    options = ["-q", "-n", "-E", "-W", "--keep-going", "--no-color", "-b", "html", "-c", str(conf)]
    command = [sys.executable, "-m", "sphinx", *options, str(folder), str(output)]
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]  # a checkout that is not installed
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return process.run(command, timeout_s=BUILD_LIMIT_S, cwd=conf, env=environment)


def _problems(said: str, folder: Path) -> Iterable[Problem]:
    for line in said.splitlines():
        if found := _WARNING.fullmatch(line.strip()):
            file = found["file"]
            with contextlib.suppress(ValueError):
                file = str(Path(file).relative_to(folder))
            yield Problem(file, int(found["line"] or 0), found["kind"] or "", found["message"])


def _data(output: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads((output / "ops.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a build that failed early has none
        return {}
    return data


def _prose(text: str) -> str:
    """Plain text as Markdown that says just that; numbers that nobody proves are marked so."""
    parts, end = [], 0
    for found in NAKED.finditer(text):
        parts += [_escaped(text[end : found.start()]), f"{{ops:unproven}}`{found[0]}`"]
        end = found.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _line(text: str) -> str:
    return " ".join(_prose(text).split())


def _procedure(procedure: Procedure) -> str:
    undone = procedure.undone_text or procedure.undone_by or "nothing, as it changes nothing"
    options = {
        "title": procedure.title,
        **{name: _line(getattr(procedure, name)) for name in ("purpose", "when", "who")},
    }
    options |= {"takes": _escaped(procedure.takes), "risk": _line(procedure.risk), "needs": _line(procedure.needs)}
    options["undone-by"] = procedure.undone_by or _line(undone)
    options |= {"given": procedure.given, "leaves": ", ".join(procedure.leaves), "unproven": _line(procedure.unproven)}
    written = [f":{name}: {value}" for name, value in options.items() if value]
    inner = [*map(_blank, procedure.blanks), *map(_step, procedure.steps)]
    return "\n".join([f":::::{{ops:procedure}} {procedure.name}", *written, "", *inner, ":::::", ""])


def _blank(blank: Blank) -> str:
    options = {
        "type": blank.type.value,
        "pattern": blank.pattern,
        "minimum": blank.minimum,
        "maximum": blank.maximum,
        "choices": ", ".join(blank.choices),
        "unit": blank.unit,
        "default": blank.default,
        "command": blank.command,
    }
    written = [f":{name}: {value}" for name, value in options.items() if value not in ("", None)]
    return "\n".join([f"::::{{ops:blank}} {blank.name}", *written, "", _prose(blank.says), "::::", ""])


def _step(step: Step) -> str:
    return "\n".join([f"::::{{ops:step}} {_line(step.says)}", *map(_part, step.parts), "::::", ""])


def _part(part: Part) -> str:
    typed = "".join(f"$ {command.text}\n{command.expected}" for command in part.commands)
    block = f"```console\n{typed}```\n" if typed else ""
    return f"{_prose(part.text)}\n\n{block}"


def _component(component: Mapping[str, Any]) -> str:
    name = str(component["name"])
    kind = f" ({_line(str(component['kind']))})" if component.get("kind") else ""
    needs = ", ".join(str(needed) for needed in component.get("depends_on", ())) or "nothing"
    title = _line(str(component.get("title") or name))
    return (
        f"## {title}\n\n`{name}`{kind}. {_line(str(component.get('description', '')))}\n\nNeeds: {_escaped(needs)}.\n"
    )


def _diagram(components: list[dict[str, Any]]) -> str:
    ids = {str(component["name"]): f"c{number}" for number, component in enumerate(components)}
    titles = [str(component.get("title") or component["name"]).replace('"', "'") for component in components]
    boxes = [f'component "{title}" as {mark}' for title, mark in zip(titles, ids.values(), strict=True)]
    arrows = [
        f"{ids[str(one['name'])]} --> {ids[needed]}" for one in components for needed in one.get("depends_on", ())
    ]
    drawn = "\n".join([*boxes, *arrows])
    return f"```{{uml}}\n:alt: Components and what each of them needs.\n\n{drawn}\n```\n\n"
