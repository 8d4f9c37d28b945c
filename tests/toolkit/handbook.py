"""A small project about a weather station, in which tests put their pages."""

from pathlib import Path

CONF = """
project = "Stations"
extensions = ["myst_parser", "drillbook"]
myst_enable_extensions = ["colon_fence", "deflist"]
drillbook_alerts = ["rules.yml"]
drillbook_read_only = ["./stations status ..."]
nitpicky = True
suppress_warnings = ["toc.not_included"]
"""
RULES = """
groups:
  - name: stations
    rules:
      - alert: SlowReports
        expr: report:duration_seconds:p95 > 0.5
        for: 2m
        labels: {severity: SEV2}
        annotations: {summary: Reports are slow, description: They take long., runbook_url: slow.html}
      - alert: Silent
        expr: reports:count == 0 or reports:rate < 3
        labels: {severity: SEV1}
        annotations: {summary: No reports, description: None came., runbook_url: silent.html}
"""
CHECK = """\
:::{ops:check} ask
Do all stations answer?

```console
$ ./stations status
all  up
```

- All answer: `exit 0` -> call
- Some are down: `exit != 0` -> restart
:::
"""
FIX = """\
:::{ops:fix} restart
:procedure: restart-station
:with: station=north
:within: 5 min

A station is down.
:::
"""
CALL = """\
:::{ops:escalate} call
:to: the platform team
:bring: the output of the check

All answer, and reports are slow.
:::
"""
PROCEDURE = """\
:::::{ops:procedure} restart-station
:purpose: Bring a station back.
:when: A station does not answer.
:who: the on-call engineer
:takes: 2 min
:risk: Its reports are missing meanwhile.
:needs: a shell
:undone-by: nothing, a running station is what one wants

::::{ops:blank} station
:pattern: [a-z]+
:default: north

The station.
::::

::::{ops:step} Restart it
```console
$ ./stations restart {{ station }}
restarted
```

Confirm: it is up.

```console
$ ./stations status
all  up
```

Undo: nothing to undo.
::::
:::::
"""


def tree(*nodes: str, name: str = "SlowReports", options: str = ":owner: the weather team") -> str:
    """A tree with these nodes."""
    return f"::::{{ops:tree}} {name}\n{options}\n\n" + "\n".join(nodes) + "::::\n"


GOOD = "# Stations\n\n" + tree(CHECK, FIX, CALL) + "\n# Restart\n\n" + PROCEDURE


def handbook(folder: Path, page: str = GOOD, name: str = "index.md", **pages: str) -> Path:
    """Write the project with its first page and others; keywords are names of further Markdown pages."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONF)
    (folder / "rules.yml").write_text(RULES)
    if name != "index.md":
        (folder / "index.md").write_text("# Start\n")
    (folder / name).write_text(page)
    for other, text in pages.items():
        (folder / f"{other}.md").write_text(text)
    return folder
