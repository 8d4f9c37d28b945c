"""Pictures as a WebM video: VP9, a frame only when there is a new picture. The same pictures give the same bytes. No Sphinx.

PyAV, which carries FFmpeg's libraries, is imported when a video is made, and not before.
"""

from collections.abc import Iterable
from fractions import Fraction
from importlib import import_module
from io import BytesIO
from typing import Any, Final

_MILLISECOND: Final = Fraction(1, 1000)
_ENCODER: Final = {
    "crf": "34",
    "b": "0",  # the quality is fixed, not the size
    "deadline": "realtime",  # a tenth of the time of `good`, and for screens no larger
    "cpu-used": "5",
    "tune-content": "screen",
    "lag-in-frames": "0",  # to look ahead is for videos with a steady rate
}


def encode(size: tuple[int, int], pictures: Iterable[tuple[float, Any]]) -> bytes:
    """The video of *pictures*, each with its seconds since the beginning; the last says when it ends."""
    av = import_module("av")
    file = BytesIO()
    # `bitexact`: no date, no version, no random numbers
    with av.open(file, "w", format="webm", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libvpx-vp9", rate=25, options=_ENCODER)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MILLISECOND
        stream.codec_context.thread_count = 1  # what more do depends on the machine
        stream.codec_context.flags |= import_module("av.codec.context").Flags.bitexact
        before = -1
        for seconds, picture in pictures:
            frame = av.VideoFrame.from_image(picture)
            before = max(round(seconds * 1000), before + 1)
            frame.pts, frame.time_base = before, _MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
