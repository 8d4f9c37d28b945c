"""What the toolkit gives to Sphinx, as a contents page. Not imported where there is no Sphinx: a walk needs none."""

from importlib import import_module
from importlib.util import find_spec

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from drillbook import __version__
from drillbook.config import setup_config
from drillbook.language import setup_language
from drillbook.output.copied import setup_copied
from drillbook.output.data import setup_data
from drillbook.output.feedback import setup_feedback
from drillbook.output.html import setup_html
from drillbook.output.llms import setup_llms
from drillbook.output.navigation import setup_navigation
from drillbook.output.notfound import setup_notfound
from drillbook.output.search.extension import setup_search
from drillbook.output.sitemap import setup_sitemap
from drillbook.output.summary import setup_summary
from drillbook.pages.alert_list import setup_alert_list
from drillbook.pages.automodule import setup_automodule
from drillbook.pages.autosettings import setup_autosettings
from drillbook.pages.blanks import setup_blanks
from drillbook.pages.changes import setup_changes
from drillbook.pages.checklists import setup_checklists
from drillbook.pages.dashboard import setup_dashboard
from drillbook.pages.demos import setup_demos
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import setup_evidence
from drillbook.pages.examples import setup_examples
from drillbook.pages.fact_role import setup_fact_role
from drillbook.pages.failure_modes import setup_failure_modes
from drillbook.pages.graph import setup_graph
from drillbook.pages.measurements import setup_measurements
from drillbook.pages.numbers import setup_numbers
from drillbook.pages.procedures import setup_procedures
from drillbook.pages.rebuild import setup_rebuild
from drillbook.pages.reference import setup_reference
from drillbook.pages.schema import setup_schema
from drillbook.pages.search_field import setup_search_field
from drillbook.pages.severities import setup_severities
from drillbook.pages.stamps import setup_stamps
from drillbook.pages.toolkit import setup_toolkit
from drillbook.pages.translations import setup_translations
from drillbook.pages.trees import setup_trees
from drillbook.pages.words import setup_words
from drillbook.proof.coverage import setup_coverage
from drillbook.proof.doctest_builder import setup_doctest
from drillbook.proof.drill import setup_drill

ENV_VERSION = 10  # to be raised when what is kept about pages changes: then all are read again


def setup_extension(app: Sphinx) -> ExtensionMetadata:
    """Give Sphinx everything that the toolkit has."""
    setup_config(app)
    setup_language(app)
    app.add_domain(OpsDomain)
    setup_words(app)
    setup_translations(app)
    setup_reference(app)
    setup_autosettings(app)
    setup_automodule(app)
    setup_fact_role(app)
    setup_numbers(app)
    setup_blanks(app)
    setup_procedures(app)
    setup_trees(app)
    setup_graph(app)
    setup_severities(app)
    setup_alert_list(app)
    setup_search_field(app)
    setup_checklists(app)
    setup_toolkit(app)
    setup_schema(app)
    setup_examples(app)
    setup_evidence(app)
    setup_dashboard(app)
    setup_changes(app)
    setup_failure_modes(app)
    setup_demos(app)
    setup_measurements(app)
    setup_rebuild(app)
    setup_stamps(app)
    setup_html(app)
    setup_navigation(app)
    setup_feedback(app)
    setup_data(app)
    setup_search(app)
    setup_llms(app)
    setup_summary(app)
    setup_sitemap(app)
    setup_notfound(app)
    setup_copied(app)
    setup_coverage(app)
    setup_drill(app)
    draw = None
    if find_spec("sphinxcontrib") and find_spec("sphinxcontrib.plantuml"):  # not every manual has diagrams
        diagrams = import_module("drillbook.output.diagrams")
        diagrams.setup_diagrams(app)
        draw = diagrams.troubles
    setup_doctest(app, draw)
    if all(map(find_spec, ("typst", "segno", "fontTools"))):  # not every manual is printed
        import_module("drillbook.output.typst.builder").setup_typst(app)
    return {
        "version": __version__,
        "env_version": ENV_VERSION,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
