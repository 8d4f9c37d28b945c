"""Who keeps a page right, as its source says."""

from typing import NamedTuple


class Owned(NamedTuple):
    """A page's name, its file relative to the folder of conf.py, the line from 1 that names the owner, and the owner."""

    page: str
    file: str
    line: int
    owner: str
