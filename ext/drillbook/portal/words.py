"""What the portal says on pages, in the language of each: it speaks several at once, and in one that it does not know English."""

from functools import cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from drillbook.language import translator


class Words(NamedTuple):
    """The words of one language; places in braces are filled in."""

    bar: str
    version: str
    language: str
    stable: str
    latest: str
    deployed: str
    prerelease: str
    elsewhere: str
    old: str
    ahead: str
    in_use: str
    not_in_use: str
    same: str
    other: str
    feed: str
    gone: str
    begin: str
    first: str
    search: str
    versions: str
    moved: str
    now: str


@cache
def words(language: str) -> Words:
    """The words of a language."""
    _ = translator(language)
    return Words(
        bar=_("Versions and languages"),
        version=_("Version"),
        language=_("Language"),
        stable=_("stable"),
        latest=_("latest"),
        deployed=_("deployed"),
        prerelease=_("pre-release"),
        elsewhere=_("does not have this page: its first page"),
        old=_("This is {this}. The stable version is {stable}:"),
        ahead=_("This is {this}, which is not released. The stable version is {stable}:"),
        in_use=_("This is {this}, the version that is deployed. The stable version is {stable}:"),
        not_in_use=_("This is {this}. The version that is deployed is {deployed}:"),
        same=_("read this page there"),
        other=_("it does not have this page, begin at its first page"),
        feed=_("Follow what changes (Atom)"),
        gone=_("This page is not here"),
        begin=_("Search {manual}, or begin at its {page}."),
        first=_("first page"),
        search=_("Search"),
        versions=_("Versions"),
        moved=_("Moved"),
        now=_("This page is at {page}."),
    )


def own_name(language: str) -> str:
    """What speakers of a language call it: ``de`` is Deutsch."""
    try:
        return Locale.parse(language).get_display_name() or language
    except (UnknownLocaleError, ValueError):
        return language


def tag(language: str) -> str:
    """The name of a language in HTML: ``zh_CN`` is ``zh-CN``."""
    return language.replace("_", "-")
