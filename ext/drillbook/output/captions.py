"""Captions as a WebVTT track (https://www.w3.org/TR/webvtt1/), inside the address that a page gives to its player.

A page that is opened as a file may fetch no track, so the track is not a file.
"""

from base64 import b64encode
from collections.abc import Iterable

from drillbook.model.playback import Cue


def webvtt(cues: Iterable[Cue]) -> str:
    """The track."""
    blocks = (f"{_clock(cue.start)} --> {_clock(cue.end)}\n{_text(cue.text)}\n" for cue in cues)
    return "\n".join(("WEBVTT\n", *blocks))


def track_address(cues: Iterable[Cue]) -> str:
    """The track as a `data:` address."""
    return f"data:text/vtt;base64,{b64encode(webvtt(cues).encode()).decode('ascii')}"


def _text(text: str) -> str:
    lines = (line for line in text.splitlines() if line.strip())  # an empty line would end the cue
    return "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
