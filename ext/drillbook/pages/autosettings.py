"""Settings classes through autodoc: `autoclass` and `automodule` show the field table of `ops:settings`.

Autodoc's own events do it: the class's docstring gets one more directive, `ops:settings-class`, and the fields, which
that table has described, are left out of its members. The entries made here are *fallbacks*: links lead to them only
when no `ops:settings` describes the setting, so both can be used in one manual.
"""

import inspect
import sys
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.live.facts import SettingFact
from drillbook.live.sources import SourceError, load
from drillbook.pages.describe import OpsDirective, describe
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.settings import setting
from drillbook.warn import Warn, guarded

_FIRST = 400  # before listeners of the usual 500: of this event autodoc takes the first answer only


class SettingsClass(OpsDirective):
    """The settings of one class, for autodoc: `autoclass` and `automodule` write it by themselves."""

    argument = "MODULE:CLASS"
    required_arguments = 1

    def build(self) -> list[nodes.Node]:
        """One entry a field."""
        source = self.arguments[0]
        try:
            facts = _listed(self.ops, source) or _unlisted(source)
        except SourceError as error:
            self.warn(Warn.UNKNOWN, str(error))
            return []
        if facts and facts[0].component:
            self.ops.note_shown(self.env.docname, "setting", facts[0].component)
        return [
            describe(self, setting(fact), indexed=bool(fact.component) and not self.unindexed, fallback=True)
            for fact in facts
        ]


def _listed(domain: OpsDomain, source: str) -> list[SettingFact]:
    """The facts of a class that conf.py lists."""
    prefix = source.replace(":", ".") + "."
    return [fact for fact in domain.facts.settings if fact.python.startswith(prefix)]


def _unlisted(source: str) -> list[SettingFact]:
    """The facts of any other class; its settings are named by their fields alone, and no link leads to them."""
    from drillbook.live.settings import (
        settings_of,
    )  # here: it needs pydantic-settings, which not everybody has

    cls: Any = load(source)
    return list(settings_of("", cls)) if _is_settings(cls) else []


def _is_settings(value: object) -> Any:
    """Whether *value* is a settings class; typed so that ``load``'s answer can be used as one."""
    library = sys.modules.get("pydantic_settings")  # not imported: then nobody has made such a class
    return library is not None and isinstance(value, type) and issubclass(value, library.BaseSettings)


@guarded()
def add_table(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put the field table at the end of the class's docstring."""
    if what != "class" or not _is_settings(obj) or not obj.model_fields or _is_init_docstring(obj, lines):
        return
    lines += ["", f".. ops:settings-class:: {obj.__module__}:{obj.__qualname__}"]
    lines += ["   :no-index:"] if options.no_index else []
    lines.append("")


def _is_init_docstring(cls: Any, lines: list[str]) -> bool:
    """Whether *lines* are from ``__init__``: with ``autoclass_content = "both"`` the event comes for it as well."""
    docs = [inspect.getdoc(value) or "" for value in (cls, cls.__init__)]
    of_class, of_init = (doc.partition("\n")[0].strip() for doc in docs)
    return bool(lines) and lines[0].strip() == of_init != of_class


@guarded()
def hide_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, args: str | None, returns: str | None
) -> tuple[str, str] | None:
    """Show no signature: pydantic's repeats the fields, without what makes them settings."""
    return ("", "") if what == "class" and _is_settings(obj) else None


@guarded()
def skip_field(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the members that the table describes, and those that every settings class inherits."""
    document = app.env.current_document
    if what != "class" or not document.autodoc_class:
        return None
    cls: Any = load(f"{document.autodoc_module}:{document.autodoc_class}")
    return True if _is_settings(cls) and (name in cls.model_fields or _is_of_library(cls, name)) else None


def _is_of_library(cls: type, name: str) -> bool:
    """Whether pydantic brings the member: those of its base classes, and the configuration."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return name == "model_config" or (owner is not None and owner.__module__.startswith("pydantic"))


def setup_autosettings(app: Sphinx) -> None:
    """Connect to autodoc, if the project uses it."""
    app.add_directive_to_domain(OpsDomain.name, "settings-class", SettingsClass)
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", add_table)
    app.connect("autodoc-process-signature", hide_signature, priority=_FIRST)
    app.connect("autodoc-skip-member", skip_field, priority=_FIRST)
