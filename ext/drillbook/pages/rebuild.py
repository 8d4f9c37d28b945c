"""What makes an incremental build right after the live system changed."""

import sys
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from drillbook.config import option_place, sources
from drillbook.live.collect import collect
from drillbook.pages.domain import OpsDomain
from drillbook.warn import Warn, guarded, warn


def _ops(env: BuildEnvironment) -> OpsDomain:
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return domain


@guarded()
def collect_facts(app: Sphinx) -> None:
    """Collect the facts of this build, once, before any page is read.

    Sources are looked for beside conf.py first, as Python looks beside a script.
    """
    confdir = Path(app.confdir)
    if str(confdir) not in sys.path:
        sys.path.insert(0, str(confdir))
    facts = collect(sources(app.config, confdir), lambda kind: option_place(confdir, f"drillbook_{kind}"))
    _ops(app.env).facts = facts
    for problem in facts.problems:
        warn(Warn[problem.kind.upper()], problem.message, str(problem.place))


@guarded(default=())
def outdated_documents(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """Documents whose facts have changed since they were read."""
    return _ops(env).outdated() - removed


@guarded(default=())
def documents_to_rewrite(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Documents whose links lead elsewhere now, or nowhere."""
    domain = _ops(env)
    domain.warn_duplicates()
    return sorted(domain.to_rewrite(domain.before) & env.found_docs)


def setup_rebuild(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("builder-inited", collect_facts)
    app.connect("env-get-outdated", outdated_documents)
    app.connect("env-updated", documents_to_rewrite)
