"""conf.py: its options checked, and the lines that assign them."""

import ast
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util.tags import Tags

from drillbook.config.options import OPTIONS
from drillbook.live.collect import Sources
from drillbook.live.facts import Place
from drillbook.warn import Warn, guarded, warn

REBUILD: Final = ""  # nothing: facts are compared by digests, so a new source re-reads only the pages that show it


def sources(config: Config, confdir: Path) -> Sources:
    """Where facts come from, as conf.py says."""
    given = {kind: config[f"drillbook_{kind}"] for kind in Sources._fields if kind != "base"}
    if isinstance(given["alerts"], str):  # from the command line
        given["alerts"] = [given["alerts"]]
    return Sources(base=confdir, **given)


def option_place(confdir: Path, name: str) -> Place:
    """The line of conf.py that assigns the option *name*."""
    file = confdir / "conf.py"
    try:
        lines = _assigned(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # options may come from the command line, without any conf.py
        return Place(str(file))
    return Place(str(file), lines.get(name, 0))


@lru_cache(maxsize=8)  # each fact asks for its own
def _assigned(conf: bytes) -> Mapping[str, int]:
    """The last line that assigns each name."""
    found: dict[str, int] = {}
    for statement in ast.walk(ast.parse(conf)):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = max(statement.lineno, found.get(target.id, 0))
    return found


@guarded()
def check_options(app: Sphinx, config: Config) -> None:
    """Replace each value that its option cannot have by the default, with one warning."""
    for option in OPTIONS:
        if problem := option.check(config[option.name]):
            place = option_place(Path(app.confdir), option.name)
            warn(Warn.CONFIG, f"{option.name} {problem}", str(place))
            config[option.name] = option.default


def read_conf(confdir: Path) -> Config:
    """What conf.py says of our options, without a build. Raises :exc:`~sphinx.errors.ConfigError`."""
    config = Config.read(confdir, overrides={}, tags=Tags())
    for option in OPTIONS:
        config.add(option.name, option.default, REBUILD, Any)
    for option in OPTIONS:
        if problem := option.check(config[option.name]):
            raise ConfigError(f"{option_place(confdir, option.name)}: {option.name} {problem}")
    return config


def setup_config(app: Sphinx) -> None:
    """Register the options."""
    for option in OPTIONS:
        # any type for Sphinx: our own check says what is wrong, and once is enough
        app.add_config_value(option.name, option.default, REBUILD, Any, option.help)
    app.connect("config-inited", check_options)
