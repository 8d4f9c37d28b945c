"""The videos of recordings on the pages of HTML builders: `ops:demo` with its option `:video:`.

They are made after the pages are read and before they are written, in one process, and put beside the pages, in
``_videos/``. The cache is a folder beside the doctrees (:mod:`drillbook.output.video_cache`).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util.osutil import relative_uri

from drillbook.model.playback import Playback, play
from drillbook.output.screens import size_of
from drillbook.output.video_cache import Made, MissingError, made_of, publish, tidy
from drillbook.pages.demos import VIDEO, demo_says, videos_of
from drillbook.pages.evidence import stamps
from drillbook.warn import Warn, guarded, warn

FOLDER: Final = "_videos"


class Video(NamedTuple):
    """A video of a page: what it plays, and its files, by addresses from the page; sizes in pixels and in bytes."""

    playback: Playback
    address: str
    poster: str
    size: tuple[int, int]
    bytes: int


@guarded(default=())
def make_videos(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Make what is missing, remove what no page shows, and answer with the pages whose videos came or went."""
    if app.builder.format != "html" or app.builder.name == "epub":
        return ()
    wanted = [(docname, *each) for docname, each in videos_of(env)]
    folder = Path(app.doctreedir) / "videos"
    made: dict[str, Made] = {}
    places = {name: place for _, name, place in reversed(wanted)}  # where it is first asked for
    for name, place in sorted(places.items()):
        said, _, kept = demo_says(stamps(app), name)
        if kept is None:
            continue
        try:
            made[name] = made_of(folder, play(kept, said))
        except MissingError as error:
            warn(Warn.VIDEO, str(error), place)
            break  # so it is for all
        except Exception as error:  # whatever it is, the page still has its player and its transcript
            warn(Warn.VIDEO, f"the video of {name} cannot be made: {type(error).__name__}: {error}", place)
    # for place_videos, in this build alone: it is kept with no page, so a file that is gone is never named
    app.builder.drillbook_videos = made  # type: ignore[attr-defined]
    tidy(folder, {file for each in made.values() for file in (each.video, each.poster)})
    publish(Path(app.outdir) / FOLDER, made)
    now: dict[str, list[str]] = {}
    for docname, name, _ in wanted:
        now.setdefault(docname, []).append(made[name].digest if name in made else "")
    before: dict[str, list[str]] = getattr(env, "drillbook_videos", {})
    # kept with the environment until the next build, which writes again the pages whose videos are others
    env.drillbook_videos = now  # type: ignore[attr-defined]
    return sorted(docname for docname in now if now[docname] != before.get(docname))


@guarded(place=lambda app, doctree, docname: (docname, None))
def place_videos(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tell each transcript of a page which video it has, in place of the name of the recording."""
    made: dict[str, Made] = getattr(app.builder, "drillbook_videos", {})
    for block in doctree.findall(nodes.literal_block):
        name = block.attributes.pop(VIDEO, "")
        if name in made:
            block[VIDEO] = _video(app.builder, docname, name, made[name])


def _video(builder: Builder, docname: str, name: str, made: Made) -> Video:
    here = builder.get_target_uri(docname)
    address, poster = (relative_uri(here, f"{FOLDER}/{quote(name)}{file.suffix}") for file in (made.video, made.poster))
    return Video(made.playback, address, poster, size_of(made.playback), made.video.stat().st_size)


def setup_videos(app: Sphinx) -> None:
    """Make them when all pages are read, and place them before pages get their shapes."""
    app.connect("env-updated", make_videos)
    app.connect("doctree-resolved", place_videos, priority=850)
