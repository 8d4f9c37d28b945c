"""Ten lines make a lighthouse's manual: what is not named here, Drillbook and Sphinx have defaults for."""

project = "Lighthouse"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinxcontrib.plantuml", "drillbook"]
myst_enable_extensions = ["colon_fence", "deflist"]
drillbook_settings, drillbook_tables = {"lamp": "lighthouse:LampSettings"}, {"sqlite": "lighthouse:LOG"}
drillbook_alerts, drillbook_metrics = ["rules.yml"], ["lighthouse:REGISTRY"]
drillbook_commands = {"./lighthouse.py": "lighthouse:parser"}
drillbook_routes, drillbook_errors = "lighthouse:openapi", "lighthouse:ERRORS"
drillbook_components, drillbook_faults = "lighthouse:COMPONENTS", "lighthouse:FAULTS"
drillbook_measurements = {"lamp": {"command": "python lighthouse.py measure", "code": ["lighthouse.py"]}}
drillbook_read_only = ["./lighthouse.py status"]
