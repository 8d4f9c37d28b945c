"""A weather station: a system that has nothing to do with the one that this repository documents."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Weather station"
extensions = ["myst_parser", "sphinx.ext.autodoc", "drillbook"]
exclude_patterns = ["_build", "more"]
nitpicky = True

drillbook_settings = {"sensor": "station.settings:SensorSettings", "sender": "station.settings:SenderSettings"}
drillbook_alerts = ["rules/*.yml"]
drillbook_metrics = ["station.metrics:REGISTRY"]
drillbook_commands = {"./station.py": "station.cli:parser"}
drillbook_routes = "station.api:openapi"
drillbook_errors = "station.errors:ERRORS"
drillbook_components = "station.components:COMPONENTS"
