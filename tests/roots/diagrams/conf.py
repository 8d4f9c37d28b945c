"""A project with diagrams."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Diagrams"
extensions = ["myst_parser", "drillbook"]
exclude_patterns = ["_build"]
version = "1"  # which EPUB wants
copyright = "2026"
nitpicky = True
drillbook_components = "station.components:COMPONENTS"
