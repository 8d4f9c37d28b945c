"""What can only be judged when all pages have been read: trees that lead to trees, fixes that fill blanks, faults."""

from collections.abc import Iterable, Iterator

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from drillbook.model.procedure import Procedure
from drillbook.model.tree import Check, Fix, Tree, find_circle, tree_ways
from drillbook.pages.domain import OpsDomain
from drillbook.warn import Warn, guarded, warn


@guarded(default=())
def check_graph(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Warn at the line of each tree or fix that does not fit the rest of the manual; no page is written for it."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    trees: dict[str, tuple[str, Tree]] = {tree.name: (docname, tree) for docname, tree in domain.every("tree")}
    procedures: dict[str, Procedure] = {found.name: found for _, found in domain.every("procedure")}
    for docname, line, message in (*_circles(trees), *_fills(trees, procedures), *_cures(trees)):
        domain.troubled[docname] = True  # read again, and so judged again, until it is right
        warn(Warn.TREE, message, (docname, line))
    return ()


def _circles(trees: dict[str, tuple[str, Tree]]) -> Iterator[tuple[str, int, str]]:
    circle = find_circle(tree_ways({name: tree for name, (_, tree) in trees.items()}))
    if circle:
        docname, tree = trees[circle[0]]
        line = next(
            answer.line
            for node in tree.nodes
            if isinstance(node, Check)
            for answer in node.answers
            if answer.leaves and answer.target == circle[1]
        )
        yield docname, line, f"trees lead in a circle: {' -> '.join(circle)}"


def _fills(trees: dict[str, tuple[str, Tree]], procedures: dict[str, Procedure]) -> Iterator[tuple[str, int, str]]:
    for docname, tree in trees.values():
        for fix in (node for node in tree.nodes if isinstance(node, Fix) and node.procedure in procedures):
            blanks = {blank.name: blank for blank in procedures[fix.procedure].blanks}
            for name, value in fix.values:
                if name not in blanks:
                    known = ", ".join(blanks) or "none"
                    yield docname, fix.line, f"the procedure {fix.procedure} has no blank {name!r}; it has: {known}"
                elif problem := blanks[name].problem(value):
                    yield docname, fix.line, f"the blank {name} of {fix.procedure}: {value!r} {problem}"


def _cures(trees: dict[str, tuple[str, Tree]]) -> Iterator[tuple[str, int, str]]:
    """A fault has one cure, whichever tree ends at it."""
    cures: dict[str, tuple[str, Fix]] = {}
    for docname, tree in trees.values():
        for fix in (node for node in tree.nodes if isinstance(node, Fix)):
            for fault in fix.faults:
                where, first = cures.setdefault(fault, (f"tree {tree.name}", fix))
                if (fix.procedure, dict(fix.values)) != (first.procedure, dict(first.values)):
                    message = (
                        f"the fault {fault} ends at {_does(fix)} here, and at {_does(first)} in {where}: "
                        "one fault has one cure"
                    )
                    yield docname, fix.line, message


def _does(fix: Fix) -> str:
    filled = ", ".join(f"{name}={value}" for name, value in fix.values)
    return f"{fix.procedure} with {filled}" if filled else fix.procedure


def setup_graph(app: Sphinx) -> None:
    """Judge after all pages have been read, and before what is known of them is kept for the next build."""
    app.connect("env-updated", check_graph)
