import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
project = "Lantern"
version = release = "1.0"
extensions = ["drillbook", "myst_parser"]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"

drillbook_alerts = ["rules.yml"]
drillbook_faults = "lantern:FAULTS"
drillbook_code = ["lantern.py"]
drillbook_read_only = ["lantern status"]
drillbook_drill = {"for": "1s", "window": "3s", "thresholds": {"OilLow": {"0.1": "0.5"}}}
drillbook_stack = {
    "up": "lantern up",
    "down": "lantern down",
    "status": "lantern urls",
    "snapshot": "lantern snapshot",
    "fault": "lantern hold {fault}",
    "enter": ". $RUN_DIR/operator",
    "secrets": "cat $RUN_DIR/secret",
    "environment": {
        "RUN_DIR": "{scratch}/run",
        "RULES": "{rules}",
        "SITE": "{site}",
        "PYTHON": sys.executable,
        "PATH": f"{HERE}/bin:/usr/local/bin:/usr/bin:/bin",
        **{name: os.environ.get(name, "") for name in ("PROMETHEUS", "ALERTMANAGER", "LD_LIBRARY_PATH")},
    },
    "shows": [str(Path(os.environ.get(name, "/usr/bin/true")).parents[2]) for name in ("PROMETHEUS", "ALERTMANAGER")],
}
