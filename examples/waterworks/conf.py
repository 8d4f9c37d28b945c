"""A waterworks with two pumps: what `source/writing/trees.md` shows, as a manual that builds."""

project = "Waterworks"
extensions = ["myst_parser", "drillbook"]
myst_enable_extensions = ["colon_fence", "deflist"]
drillbook_alerts = ["rules.yml"]
drillbook_read_only = ["./pumps status ..."]
drillbook_coverage = {
    "accuracy": 20,
    "missing": [
        "alert PressureLow: page",
        "fix PressureLow/restart: drill",
        "procedure restart-pump: run",
        "procedure stop-pump: run",
    ],
}
drillbook_notify = [
    {"to": "$OPS_CHAT"},
    {"to": "$OPS_MAIL", "sections": ["alerts", "procedures"]},
    {"to": "jsons://hooks.example.org/manual"},
]
