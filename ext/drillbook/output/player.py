"""Recordings in a browser: a place for the player, the video, if there is one, and the transcript, both folded away.

The player is asciinema's (Apache-2.0), as its authors release it; its licence is in ``licences/``.
"""

from html import escape
from typing import Final

from docutils import nodes

from drillbook.language import _
from drillbook.output.captions import track_address
from drillbook.output.inputs import raw
from drillbook.output.videos import Video
from drillbook.pages.demos import CAST, VIDEO

PLAYER: Final = "asciinema-player-3.18.0"


def add_player(block: nodes.literal_block) -> None:
    """Put what plays before a transcript, and fold all but the player away. Without scripts all of it is open."""
    parent, place = block.parent, block.parent.index(block)
    assert isinstance(parent, nodes.Element)
    # the recording is text in the page: a page that is opened as a file may fetch nothing
    before = [f'<div class="ops-player" data-cast="{escape(block[CAST], quote=True)}"></div>']
    if isinstance(
        video := block.attributes.pop(VIDEO, None), Video
    ):  # and not the name of one that could not be placed
        before.append(video_html(video))
    summary = escape(_("Transcript"))
    before.append(f'<details class="ops-transcript" open><summary>{summary}</summary>')
    for part in before:
        parent.insert(place, raw(part))
        place += 1
    parent.insert(place + 1, raw("</details>"))


def video_html(video: Video) -> str:
    """The video, what it is before one fetches it, and a way to take it along."""
    width, height = video.size
    length, size = _length(video.playback.duration), _size(video.bytes)
    address = escape(video.address)
    summary = _("Video with captions ({length}, {size})").format(length=length, size=size)
    download = _("Download the video")
    title = _("Video: {title}").format(title=video.playback.title)
    return (
        f'<details class="ops-video" open><summary>{escape(summary)}</summary>'
        f'<video controls preload="none" playsinline width="{width}" height="{height}" '
        f'poster="{escape(video.poster)}" aria-label="{escape(title)}">'
        f'<source src="{address}" type="video/webm">'
        f'<track kind="captions" srclang="en" label="English" default src="{track_address(video.playback.cues)}">'
        f'</video><p><a href="{address}" download>{escape(download)}</a></p></details>'
    )


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _size(number: int) -> str:
    return f"{number / 1_000_000:.1f} MB" if number >= 1_000_000 else f"{max(1, round(number / 1000))} kB"
