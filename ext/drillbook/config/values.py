"""What a value of conf.py may be: texts, numbers and lists of them. Each check answers what is wrong, or ``None``."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final

_NAME: Final = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_SOURCE: Final = re.compile(rf"{_NAME}(:{_NAME})?")
_ADDRESS: Final = re.compile(r"(https?://[\w.:\[\]-]+)?/(?!/)[^\s?#]*")


def is_source(value: object) -> str | None:
    """``"package.module:attribute"``, or empty for none."""
    if isinstance(value, str) and (value == "" or _SOURCE.fullmatch(value)):
        return None
    return f'must be "package.module:attribute", not {value!r}'


def is_sources(value: object) -> str | None:
    """A list of ``"package.module:attribute"``."""
    if not isinstance(value, list | tuple):
        return f"must be a list, not {value!r}"
    return next(filter(None, map(is_source, value)), None)


def is_named_sources(value: object) -> str | None:
    """``{"name": "package.module:attribute"}``."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
        return f'must map names to "package.module:attribute", not {value!r}'
    return is_sources(list(value.values()))


def is_settings(value: object) -> str | None:
    """Named sources, or one source of a mapping."""
    return is_source(value) if isinstance(value, str) else is_named_sources(value)


def is_globs(value: object) -> str | None:
    """A list of glob patterns."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item for item in value):
        return None
    return f"must be a list of file name patterns, not {value!r}"


def is_rule_globs(value: object) -> str | None:
    """A list of glob patterns, or, from the command line, one."""
    return is_globs([value]) if isinstance(value, str) else is_globs(value)


def is_text(value: object) -> str | None:
    """Any text."""
    return None if isinstance(value, str) else f"must be a text, not {value!r}"


def is_words(value: object) -> str | None:
    """A list of beginnings of commands."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item.strip() for item in value):
        return _unreadable(value)
    return f"must be a list of the beginnings of commands, not {value!r}"


def _unreadable(commands: Iterable[str]) -> str | None:
    for command in commands:
        try:
            shlex.split(command)
        except ValueError as error:
            return f"has {command!r}, which cannot be read: {error}"
    return None


def is_folder(value: object) -> str | None:
    """A folder below another, by its relative name."""
    path = PurePosixPath(value) if isinstance(value, str) else None
    if path and path.parts and not path.is_absolute() and ".." not in path.parts:
        return None
    return f"must be the relative name of a folder, not {value!r}"


def is_bool(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"must be True or False, not {value!r}"


def is_positive(value: object) -> str | None:
    """A number above zero."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return None
    return f"must be a number above 0, not {value!r}"


def is_file_name(value: object) -> str | None:
    """The name of a file, or empty for none."""
    return None if isinstance(value, str) else f"must be the name of a file, not {value!r}"


def is_address(value: object) -> str | None:
    """``/path`` on the server of the pages, ``https://host/path``, or empty for none."""
    if isinstance(value, str) and (value == "" or _ADDRESS.fullmatch(value)):
        return None
    return f"must be an address such as '/-/feedback' or 'https://host/-/feedback', not {value!r}"


def is_share(value: object) -> str | None:
    """A number from 0 to 1."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return None
    return f"must be a number from 0 to 1, not {value!r}"
