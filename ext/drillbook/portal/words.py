"""What the portal says on pages, in the languages that it knows; in any other it speaks English."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError


class Words(NamedTuple):
    """The words of the bar, in one language; places in braces are filled in."""

    bar: str = "Versions and languages"
    version: str = "Version"
    language: str = "Language"
    stable: str = "stable"
    latest: str = "latest"
    deployed: str = "deployed"
    prerelease: str = "pre-release"
    elsewhere: str = "does not have this page: its first page"
    old: str = "This is {this}. The stable version is {stable}:"
    ahead: str = "This is {this}, which is not released. The stable version is {stable}:"
    in_use: str = "This is {this}, the version that is deployed. The stable version is {stable}:"
    not_in_use: str = "This is {this}. The version that is deployed is {deployed}:"
    same: str = "read this page there"
    other: str = "it does not have this page, begin at its first page"
    feed: str = "Follow what changes (Atom)"


WORDS: Final[Mapping[str, Words]] = {
    "de": Words(
        bar="Versionen und Sprachen",
        version="Version",
        language="Sprache",
        stable="stabil",
        latest="neueste",
        deployed="im Einsatz",
        prerelease="Vorabversion",
        elsewhere="hat diese Seite nicht: erste Seite",
        old="Dies ist {this}. Die stabile Version ist {stable}:",
        ahead="Dies ist {this}, noch nicht veröffentlicht. Die stabile Version ist {stable}:",
        in_use="Dies ist {this}, die Version im Einsatz. Die stabile Version ist {stable}:",
        not_in_use="Dies ist {this}. Die Version im Einsatz ist {deployed}:",
        same="diese Seite dort lesen",
        other="sie hat diese Seite nicht, dort auf der ersten Seite beginnen",
        feed="Änderungen verfolgen (Atom)",
    ),
    "zh_CN": Words(
        bar="版本与语言",
        version="版本",
        language="语言",
        stable="稳定版",
        latest="最新",
        deployed="已部署",
        prerelease="预发布",
        elsewhere="没有此页：转到其首页",
        old="这是 {this}。稳定版是 {stable}：",
        ahead="这是 {this}，尚未发布。稳定版是 {stable}：",
        in_use="这是 {this}，即已部署的版本。稳定版是 {stable}：",
        not_in_use="这是 {this}。已部署的版本是 {deployed}：",
        same="在该版本中阅读此页",
        other="该版本没有此页，请从其首页开始",
        feed="订阅变更 (Atom)",
    ),
}
_ENGLISH: Final = Words()


def words(language: str) -> Words:
    """The words of a language."""
    return WORDS.get(language, _ENGLISH)


def own_name(language: str) -> str:
    """What speakers of a language call it: ``de`` is Deutsch."""
    try:
        return Locale.parse(language).get_display_name() or language
    except (UnknownLocaleError, ValueError):
        return language


def tag(language: str) -> str:
    """The name of a language in HTML: ``zh_CN`` is ``zh-CN``."""
    return language.replace("_", "-")
