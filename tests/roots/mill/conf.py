import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
project = "Mill"
version = release = "1.0"
extensions = ["drillbook", "myst_parser", "sphinx.ext.doctest"]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"

drillbook_settings = {"wheel": "mill_settings:WheelSettings"}
drillbook_alerts = ["rules.yml"]
drillbook_read_only = ["mill status"]
drillbook_code = ["*.py"]
drillbook_stack = {
    "up": "mill up",
    "down": "mill down",
    "status": "mill status --json",
    "snapshot": "mill snapshot",
    "fault": "mill hold {fault}",
    "enter": "export KEY=$(cat $RUN_DIR/key)",
    "secrets": "mill secrets",
    "sql": "mill sql",
    "http": "gateway",
    "environment": {
        "RUN_DIR": "{scratch}/run",
        "PYTHON": sys.executable,
        "PATH": f"{HERE}/bin:/usr/local/bin:/usr/bin:/bin",
    },
}
