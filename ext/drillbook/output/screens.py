"""The pictures of a video: a title, then the terminal's screens with a strip under them that names the step. No Sphinx.

`pyte` is the terminal, Pillow draws, with the fonts beside this module: so it looks the same on every machine. Both are
imported when a video is made, and not before: a manual without one does not need them.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from drillbook.model.playback import Playback, Shown

FONTS: Final = Path(__file__).parent / "fonts"
_LETTER: Final = 17  # the size of the terminal's letters
_TITLE_LETTER: Final = 34
_ADVANCE: Final = 10  # and how wide each is
_LINE: Final = 20
_MARGIN: Final = 20
_STRIP: Final = 112  # the title of the step, and below it room for a player's captions and controls
_BAR: Final = 4  # how far it is, by steps
_GROUND, _STRIP_GROUND = "#121314", "#23272b"
_INK, _FAINT, _DONE, _TO_DO = "#e4e4e4", "#b4bac0", "#5aa9e6", "#4a5158"
_QUICKEST_S: Final = 0.04  # no two pictures are nearer: nobody would see the first

Picture = tuple[float, Any]  # seconds since the beginning, and an image


def size_of(playback: Playback) -> tuple[int, int]:
    """How wide and high a video is: even numbers, as encoders want them."""
    return 2 * _MARGIN + playback.columns * _ADVANCE, 2 * _MARGIN + playback.rows * _LINE + _STRIP


def png(image: Any) -> bytes:
    """An image as a file."""
    image.save(file := BytesIO(), "PNG", optimize=True)
    return file.getvalue()


class Painter:
    """Draws a video. The image that it hands out is drawn on again for the next moment."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._images, self._fonts = import_module("PIL.Image"), import_module("PIL.ImageFont")
        self._draw_on = import_module("PIL.ImageDraw")
        self._regular, self._bold = (self._font(style, _LETTER) for style in ("Regular", "Bold"))
        self.size = size_of(playback)
        self._strip_top = self.size[1] - _STRIP
        self._image = self._images.new("RGB", self.size, _GROUND)
        self._pen = self._draw_on.Draw(self._image)

    def title(self) -> Any:
        """The picture that says what the video is, which is also seen before it plays."""
        image = self._images.new("RGB", self.size, _GROUND)
        pen = self._draw_on.Draw(image)
        large = self._font("Bold", _TITLE_LETTER)
        room = self.size[0] - 4 * _MARGIN
        lines = [(line, large, _INK) for line in wrap(self._playback.title, int(room / large.getlength("m")))]
        lines += [(line, self._regular, _FAINT) for line in wrap(self._playback.said, room // _ADVANCE)]
        height = sum(font.size + _MARGIN // 2 for _, font, _ in lines)
        top = (self.size[1] - height) // 2
        for line, font, colour in lines:
            pen.text((2 * _MARGIN, top), line, font=font, fill=colour)
            top += font.size + _MARGIN // 2
        return image

    def pictures(self) -> Iterator[Picture]:
        """The title, then a picture whenever the screen has changed, and the last one again at the end."""
        yield 0.0, self.title()
        pyte = import_module("pyte")
        screen = pyte.Screen(self._playback.columns, self._playback.rows)
        terminal = pyte.Stream(screen)
        begun, cursor = 0, 0
        for shown in _together(self._playback.shown):
            for each in shown:
                terminal.feed(each.text)
            moment = shown[-1].at
            now = sum(chapter.at <= moment for chapter in self._playback.chapters)
            if now != begun:
                begun = now
                self._draw_strip(now)
            for row in screen.dirty | {cursor, screen.cursor.y}:
                self._draw_row(screen, row)
            screen.dirty.clear()
            cursor = screen.cursor.y
            yield moment, self._image
        yield self._playback.duration, self._image

    def _draw_row(self, screen: Any, row: int) -> None:
        top = _MARGIN + row * _LINE
        self._pen.rectangle((0, top, self.size[0], top + _LINE - 1), fill=_GROUND)
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        for bold, font in ((False, self._regular), (True, self._bold)):
            # what is wide has an empty cell behind it
            text = "".join((cell.data or " ") if cell.bold == bold else " " for cell in cells)
            self._pen.text((_MARGIN, top), text.rstrip(), font=font, fill=_INK)
        if row == screen.cursor.y:
            left = _MARGIN + min(screen.cursor.x, screen.columns - 1) * _ADVANCE
            self._pen.rectangle((left, top, left + _ADVANCE - 1, top + _LINE - 2), fill=_FAINT)

    def _draw_strip(self, step: int) -> None:
        width, top, chapters = self.size[0], self._strip_top, self._playback.chapters
        self._pen.rectangle((0, top, width, self.size[1]), fill=_STRIP_GROUND)
        for number in range(len(chapters)):
            left, right = width * number // len(chapters), width * (number + 1) // len(chapters) - 3
            self._pen.rectangle((left, top, right, top + _BAR - 1), fill=_DONE if number < step else _TO_DO)
        fits, title = (width - 2 * _MARGIN) // _ADVANCE, chapters[step - 1].title
        line = title if len(title) <= fits else f"{title[: fits - 1]}…"
        self._pen.text((_MARGIN, top + _BAR + 10), line, font=self._bold, fill=_INK)

    def _font(self, style: str, size: int) -> Any:
        # the simple layout: the other one depends on a system library
        file = str(FONTS / f"DrillbookMono-{style}.ttf")
        return self._fonts.truetype(file, size, layout_engine=self._fonts.Layout.BASIC)


def _together(shown: Iterable[Shown]) -> Iterator[list[Shown]]:
    """What comes so quickly that nobody could see it apart, together."""
    group: list[Shown] = []
    for each in shown:
        if group and each.at >= group[0].at + _QUICKEST_S:
            yield group
            group = []
        group.append(each)
    if group:
        yield group
