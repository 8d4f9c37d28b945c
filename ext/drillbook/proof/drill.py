"""The builder ``drill``: every tree is walked from the real alert of a fault that is really there.

It renders the drill rules, builds the manual with them, has the drills carried out in boxes, and keeps what they proved.
"""

import sys
import time
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder

from drillbook.config import option_place
from drillbook.live.alerts import rule_files
from drillbook.live.facts import FaultFact
from drillbook.live.sources import SourceError
from drillbook.model.drill import choose, expected, split, undrilled
from drillbook.model.evidence import DRILL, EvidenceError
from drillbook.model.tree import Tree
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import stamps
from drillbook.process import run
from drillbook.proof.box import BoxError, Plan, run_plans
from drillbook.proof.drill_report import table, write_log, write_report
from drillbook.proof.drill_rules import RulesError, Shortening, write_rules
from drillbook.proof.drill_rules_check import check_rules
from drillbook.proof.record import record
from drillbook.warn import Warn, guarded, warn

Json = dict[str, Any]
_BOXES: Final = 2
_BUILD_S: Final = 900
_WHOLE: Final = {"fault": "", "alert": ""}  # the task that walks all trees while nothing is wrong


class DrillBuilder(Builder):
    """Drills; its output folder gets the report, the rules, the manual of the drills, and a log of each."""

    name = "drill"
    epilog = "The report is in %(outdir)s/report.json."
    allow_parallel = True

    def get_outdated_docs(self) -> str:
        """No page is written; all are looked at."""
        return "the trees"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Nothing leads anywhere."""
        return ""

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Nothing is written."""

    def write_documents(self, docnames: Set[str]) -> None:
        """Nothing is written."""

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Nothing is written."""

    def finish(self) -> None:
        """Do the drills, when all pages have been read; a failure of our own fails the build too."""
        if not self._finish():
            self.app.statuscode = 1

    @guarded(default=False)
    def _finish(self) -> bool:
        try:
            return self._drill()
        except (RulesError, SourceError) as error:
            warn(Warn.DRILL, str(error), str(error.place or option_place(Path(self.app.confdir), "drillbook_alerts")))
        except (BoxError, EvidenceError) as error:
            warn(Warn.DRILL, str(error))
        return False

    def _drill(self) -> bool:
        began = time.monotonic()
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        trees: dict[str, Tree] = {tree.name: tree for _, tree in domain.every("tree")}
        faults = domain.facts.faults
        chosen = self._chosen(faults, trees)
        if chosen is None:
            return False
        out = Path(self.outdir)
        rules, site = out / "rules", out / "html"
        if not (self._render(rules) and self._build(rules, site)):
            return False
        results, errors = self._run(faults, chosen, trees, rules, site)
        report = {
            "version": self.config.release,
            "seconds": round(time.monotonic() - began, 1),
            "drills": [result for result in results if result["fault"]],
            "whole": next((result for result in results if not result["fault"]), None),
            "not_run": [name for name in chosen if name not in {result["fault"] for result in results}],
            "errors": errors,
            "not_drilled": [
                {"tree": tree, "fix": fix, "reason": reason}
                for tree, fix, reason in undrilled(trees, {fault.name for fault in faults})
            ],
        }
        write_report(out, report)
        _say(table(report, out))
        return not errors and not report["not_run"] and not any(result["problems"] for result in results)

    def _chosen(self, faults: Sequence[FaultFact], trees: dict[str, Tree]) -> list[str] | None:
        """The faults to drill, or ``None`` when that cannot be said."""
        confdir = Path(self.app.confdir)
        if not faults or not self.config.drillbook_stack:
            option = "drillbook_stack" if faults else "drillbook_faults"
            warn(Warn.DRILL, f"there is nothing to drill: conf.py has no {option}", str(confdir / "conf.py"))
            return None
        asked = [name.strip() for name in self.config.drillbook_drills.split(",") if name.strip()]
        every = asked == ["all"]
        proven = {fault.name for fault in faults if stamps(self.app).drilled(fault.name)}
        chosen, unknown = choose(faults, trees, proven, [] if every else asked, every)
        for name in unknown:
            known = ", ".join(fault.name for fault in faults)
            warn(Warn.DRILL, f"{name} is no fault, no alert of one and no tree; the faults are: {known}")
        cured = [fault for fault in faults if expected(trees, fault.name)]
        for fault in faults:
            if fault.name in chosen and fault not in cured:
                warn(Warn.DRILL, f"no fix of any tree is for the fault {fault.name}", str(fault.place))
        return None if unknown else [fault.name for fault in cured if fault.name in chosen]

    def _render(self, folder: Path) -> bool:
        """Make the drill rules, and have it proven that they are production's."""
        confdir = Path(self.app.confdir)
        given = self.config.drillbook_drill
        shortening = Shortening(
            given.get("for", ""), given.get("window", ""), given.get("thresholds", {}), given.get("unchanged", ())
        )
        patterns = self.config.drillbook_alerts
        patterns = [patterns] if isinstance(patterns, str) else patterns
        files = list(dict.fromkeys(file for pattern in patterns for file in rule_files(pattern, confdir)))
        write_rules(files, folder, shortening, option_place(confdir, "drillbook_drill"))
        problems = check_rules(files, folder, shortening)
        for problem in problems:
            warn(Warn.DRILL, problem.message, str(problem.place))
        _say(f"drill rules: {len(files)} files in {folder}, and nothing but what is waited for differs")
        return not problems

    def _build(self, rules: Path, site: Path) -> bool:
        """Build the manual as a drill's reader has it: its thresholds are those of the drill rules."""
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto", "-b", "html"]
        command += ["-c", str(self.app.confdir), "-d", f"{self.outdir}/doctrees", "-D", f"drillbook_alerts={rules}/*"]
        done = run([*command, str(self.app.srcdir), str(site)], timeout_s=_BUILD_S)
        if done.status == 0:
            return True
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        warn(Warn.DRILL, f"the manual cannot be built with the drill rules:\n{said}")
        return False

    def _run(
        self, faults: Iterable[FaultFact], chosen: Sequence[str], trees: dict[str, Tree], rules: Path, site: Path
    ) -> tuple[list[Json], list[str]]:
        """The results of all drills, in the order of the faults, and what went wrong with the boxes."""
        began = time.monotonic()
        alerts = {fault.name: fault.alert for fault in faults}
        *shares, last = split(chosen, {fault.name for fault in faults if fault.alone}, self._seconds(chosen), _BOXES)
        shares = [share for share in shares if share] or [[]]
        tasks = [[{"fault": name, "alert": alerts[name]} for name in share] for share in [*shares, last]]
        min(tasks[:-1], key=len).insert(0, _WHOLE)
        plans = [Plan(kind="drill", tasks=share, rules=str(rules), site=str(site)) for share in tasks]

        def say(text: str) -> None:
            _say(f"{time.monotonic() - began:4.0f} s  {text}")

        reports = run_plans(self.app, plans[:-1], say, self._keep)
        if last:  # what must have the machine for itself
            reports += run_plans(self.app, plans[-1:], say, self._keep)
        results = [result for report in reports for result in report["tasks"]]
        order = {name: number for number, name in enumerate(["", *alerts])}
        results.sort(key=lambda result: order[result["fault"]])
        return results, [report["error"] for report in reports if report["error"]]

    def _keep(self, result: Json) -> None:
        """Write at once what came of a drill: whoever interrupts a long run keeps what it has proven until then."""
        write_log(Path(self.outdir), result)
        if result["fault"] and not result["problems"]:
            details = {name: value for name, value in result.items() if name not in ("problems", "timeline")}
            record(self.app, DRILL, result["fault"], details, "\n".join(result["timeline"]))

    def _seconds(self, names: Iterable[str]) -> dict[str, float]:
        """How long the drills took when they were last run."""
        found = {name: stamps(self.app).evidence(DRILL, name) for name in names}
        return {name: float(one.details.get("seconds", 60)) for name, one in found.items() if one}


def _say(text: str) -> None:
    print(text, flush=True)  # progress is what one drills for: it is shown though Sphinx is told to be quiet


def setup_drill(app: Sphinx) -> None:
    """Register the builder."""
    app.add_builder(DrillBuilder)
