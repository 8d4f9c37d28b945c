"""Recordings in a browser: a place for the player, and the transcript, folded away.

The player is asciinema's (Apache-2.0), as its authors release it; its licence is in ``licences/``.
"""

from html import escape
from typing import Final

from docutils import nodes

from drillbook.output.inputs import raw
from drillbook.pages.demos import CAST

PLAYER: Final = "asciinema-player-3.18.0"


def add_player(block: nodes.literal_block) -> None:
    """Put the player's place before a transcript, and fold the transcript away. Without scripts the transcript is open."""
    parent, place = block.parent, block.parent.index(block)
    assert isinstance(parent, nodes.Element)
    # the recording is text in the page: a page that is opened as a file may fetch nothing
    parent.insert(place, raw(f'<div class="ops-player" data-cast="{escape(block[CAST], quote=True)}"></div>'))
    parent.insert(place + 1, raw('<details class="ops-transcript" open><summary>Transcript</summary>'))
    parent.insert(place + 3, raw("</details>"))
