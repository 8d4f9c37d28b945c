"""The signature of a page: by the identity that git knows, for what the page says now, and by nobody else."""

from pathlib import Path
from typing import Final, NamedTuple

from drillbook import process
from drillbook.model.evidence import TRANSLATION, Signature, now, write
from drillbook.review.due import Page

_GIT_S: Final = 10


class SignError(Exception):
    """A signature that cannot be given; the text says why, and what to do."""


class Identity(NamedTuple):
    """Who signs."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def identity(folder: Path) -> Identity:
    """Who git says that one is, in the repository of *folder*. Raises :exc:`SignError`."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    name, email = (_configured(key, there) for key in ("user.name", "user.email"))
    if not (name and email):
        raise SignError(
            "git does not know who you are, and nobody signs for anybody else: "
            "git config user.name NAME, git config user.email ADDRESS"
        )
    return Identity(name, email)


def _configured(key: str, folder: Path) -> str:
    try:
        done = process.run(["git", "config", "--get", key], timeout_s=_GIT_S, cwd=folder)
    except OSError as error:
        raise SignError(f"git cannot be started, and it says who you are: {error.strerror}") from error
    return done.stdout.decode("utf-8", "replace").strip() if done.status == 0 else ""


def sign_translation(name: str, content: str, who: Identity, folder: Path) -> Path:
    """Record that *who* has read the translation of a page, called ``language/page``, whose digest is *content*."""
    return write(folder, Signature(name, content, who.name, who.email, now(), TRANSLATION))


def sign(page: Page, who: Identity, folder: Path) -> Path:
    """Record that *who* vouches for what no run can prove on *page*. Raises :exc:`SignError`."""
    if not page.to_sign:
        raise SignError(f"{page.name} has nothing to sign: all that it says is proven by runs, or derived")
    return write(folder, Signature(page.name, page.content, who.name, who.email, now()))
