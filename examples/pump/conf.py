project, release = "Pump", "1.0"
extensions = ["myst_parser", "drillbook"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["build", "evidence"]

# where the facts come from
drillbook_alerts = ["rules.yml"]
drillbook_faults = "pump:FAULTS"
drillbook_read_only = ["./pump.py status"]

# how proofs get a running system of their own
drillbook_code = ["pump.py"]
drillbook_drill = {"for": "1s"}
drillbook_stack = {
    "up": "./pump.py up",
    "down": "./pump.py down",
    "status": "./pump.py urls",
    "snapshot": "./pump.py snapshot",
    "fault": "./pump.py hold {fault}",
    "environment": {"RUN_DIR": "{scratch}/run", "SITE": "{site}"},
}
