"""What is deployed and whether it runs: the answer of ``./deploy.py --status``."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from audio_enhancement.deployment import gateway
from audio_enhancement.deployment.configuration import changed_settings
from audio_enhancement.deployment.deploy import describe_interrupted
from audio_enhancement.deployment.fleet import is_ours
from audio_enhancement.deployment.journal import interrupted, lock_holder
from audio_enhancement.deployment.probes import is_silent, served_by
from audio_enhancement.deployment.release import built_versions
from audio_enhancement.deployment.state import Deployment, gateway_program, load_state
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.supervise import ProcessStatus, Supervisor, SupervisorError

ANSWER_S: Final = 5.0
"""What a process gets to answer; one that hardly gets a processor is slow, and one that hangs never does."""
YOUNG: Final = timedelta(seconds=60)
"""Age up to which a process that refuses connections is taken to start."""


def report(run: RunDir) -> dict[str, Any]:
    """Compare what was deployed with what runs.

    ``healthy`` is true when every process that belongs to the deployment runs and answers, nginx answers from the
    active colour, and no operation was interrupted. While an operation is under way (``busy``), processes may come and go.
    """
    run.stack()
    state, holder, journal = load_state(run), lock_holder(run), interrupted(run)
    try:
        processes = {name: status for name, status in Supervisor(run).status().items() if is_ours(name)}
        problem = None
    except SupervisorError as error:
        processes, problem = {}, str(error)
    wanted = list(state.programs()) if state else []
    missing = [name for name in wanted if name not in processes or processes[name].state != "RUNNING"]
    silent = _silent(state, processes)
    extra = [name for name in processes if name not in wanted]
    answers = served_by(f"{gateway.gateway_url(run)}/healthz")
    expected = f"{state.active}/{state.version}" if state and state.active else None
    return {
        "healthy": bool(expected)
        and answers == expected
        and not missing
        and not silent
        and not extra
        and not (journal and not holder),
        "environment": state.environment if state else None,
        "version": state.version if state else None,
        "active": state.active if state else None,
        "workers": state.workers if state else 0,
        "colours": {
            name: {
                "version": colour.version,
                "state": colour.state,
                "port": state.ports.get(gateway_program(name)),
            }
            for name, colour in sorted(state.colours.items())
        }
        if state
        else {},
        "replaced_at": state.replaced_at if state else None,
        "settings_changed": changed_settings(run, state.environment, state.active) if state and state.active else [],
        "served_by": answers,
        "processes": [
            {
                "name": name,
                "state": processes[name].state if name in processes else "MISSING",
                "pid": processes[name].pid if name in processes else 0,
                "since": _time(processes[name].since) if name in processes else None,
                "expected": name in wanted,
                "silent": name in silent,
            }
            for name in sorted({*wanted, *processes})
        ],
        "releases": built_versions(run),
        "busy": holder,
        "interrupted": describe_interrupted(journal) if journal and not holder else None,
        "problem": problem,
    }


def _silent(state: Deployment | None, processes: Mapping[str, ProcessStatus]) -> set[str]:
    """Programs that the supervisor calls running and that take no request. All are asked at the same time."""
    now = datetime.now(UTC)

    def asked(name: str) -> bool:
        assert state is not None
        since = processes[name].since
        page = "healthz" if name in map(gateway_program, state.colours) else "metrics"
        young = since is not None and now - since < YOUNG
        return is_silent(f"http://127.0.0.1:{state.ports[name]}/{page}", young, ANSWER_S)

    names = [
        name for name, process in processes.items() if process.state == "RUNNING" and state and name in state.ports
    ]
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        return {name for name, silent in zip(names, pool.map(asked, names), strict=True) if silent}


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _settings(changed: list[str]) -> str:
    return f"changed since the deployment: {', '.join(changed)}" if changed else "as at the deployment"


def render(content: dict[str, Any]) -> str:
    """The report for people."""
    if content["version"] is None:
        lines = ["nothing has been deployed yet"]
    else:
        lines = [
            f"environment  {content['environment']}",
            f"serves       {content['version']} ({content['active']}), {content['workers']} workers",
            f"answers      {content['served_by'] or 'nobody'}",
            f"deployed     {content['replaced_at'] or 'first version, or rolled back to'}",
            f"settings     {_settings(content['settings_changed'])}",
        ]
        lines += [
            f"{name:12} {colour['version']} {colour['state']}, port {colour['port']}"
            for name, colour in content["colours"].items()
        ]
    lines += [f"releases     {', '.join(content['releases']) or 'none'}"]
    if content["processes"]:
        lines += ["", f"{'PROCESS':32} {'STATE':9} {'PID':>7}  SINCE"]
    lines += [
        f"{process['name']:32} {process['state']:9} {process['pid'] or '-':>7}  {process['since'] or '-'}"
        + ("  (does not answer)" if process["silent"] else "")
        + ("" if process["expected"] else "  (not expected)")
        for process in content["processes"]
    ]
    notes = [f"busy: {content['busy']}" if content["busy"] else None, content["interrupted"], content["problem"]]
    lines += [note for note in notes if note]
    lines.append("" if content["healthy"] else "NOT HEALTHY")
    return "\n".join(lines).rstrip()
