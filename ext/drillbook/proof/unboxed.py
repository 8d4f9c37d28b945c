"""What is proven without a box: samples of configuration, by the live settings; diagrams, by drawing them.

Nothing of a page is run for it. Blocks that nothing proves are told here, too.
"""

from collections.abc import Callable, Iterator, Sequence

from docutils.nodes import Element
from sphinx.builders import Builder
from sphinx.config import Config

from drillbook.live.samples import ENVIRONMENT_LANGUAGES, environment_troubles, nested_troubles
from drillbook.live.settings import settings_classes
from drillbook.live.sources import SourceError
from drillbook.proof import collect
from drillbook.proof.collect import Block
from drillbook.proof.doctest_report import Proof
from drillbook.proof.session import Verdict

Draw = Callable[[Builder, Sequence[Element]], Sequence[str]]  # what is wrong with each diagram; empty if it is drawn


def unboxed(
    blocks: Sequence[Block], config: Config, draw: Callable[[Sequence[Element]], Sequence[str]]
) -> Iterator[Proof]:
    """The proofs of those of *blocks* that no box is needed for."""
    drawn = [block for block in blocks if block.example.kind == collect.DIAGRAM]
    for block, trouble in zip(drawn, draw([block.node for block in drawn]) if drawn else (), strict=True):
        why = f"it cannot be drawn: {trouble}" if trouble else ""
        yield Proof(block.example, Verdict.FAILED if trouble else Verdict.PROVEN, why)
    for block in blocks:
        example = block.example
        if block.unproven and example.kind != collect.CONSOLE:  # a command of a session is told where it is not run
            yield Proof(example, Verdict.UNPROVEN, block.unproven, declared=True)
        elif example.kind == collect.CONFIG:
            yield _config(block, config)
        elif example.kind == collect.TEXT:
            why = (
                f"nothing proves a block in {block.language or 'no language'}: say why in ops:example with "
                "':unproven: reason', or write it so that it can be run"
            )
            yield Proof(example, Verdict.FAILED, why)


def _config(block: Block, config: Config) -> Proof:
    example = block.example
    try:
        classes = settings_classes(config.drillbook_settings)
    except SourceError as error:
        return Proof(example, Verdict.FAILED, str(error))
    if block.language in ENVIRONMENT_LANGUAGES:
        troubles = list(environment_troubles(example.text, classes))
    else:
        troubles = list(nested_troubles(example.text, block.language, classes))
    why = "".join(f"line {example.line + trouble.line}: {trouble.says}\n" for trouble in troubles)
    return Proof(example, Verdict.FAILED if why else Verdict.PROVEN, why)
