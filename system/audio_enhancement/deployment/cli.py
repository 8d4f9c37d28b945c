"""The command line of ``./deploy.py``."""

import argparse
import contextlib
import json
import sys
from functools import partial

from audio_enhancement.deployment.deploy import deploy, rollback, scale
from audio_enhancement.deployment.journal import DeploymentError, UsageError
from audio_enhancement.deployment.release import ReleaseError
from audio_enhancement.deployment.state import load_state
from audio_enhancement.deployment.status import render, report
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.supervise import SupervisorError

EPILOG = """\
exit status:
  0    done, or nothing to do; with --status: all that should run is running
  1    failed; before the switch the old version goes on serving. With --status: something is not running,
       or a run was interrupted
  2    usage: an unknown environment, a version that has not been built, or options that do not go together
  3    another run is changing this deployment
  130  stopped from the keyboard

A run that died, whatever the cause, is finished by the next run when it had begun to switch, and undone when it
had not. The next run says so, then does what it was asked to do.

Rolling back swaps the two colours, so a second rollback goes forward again. After `--immediate` the version rolled
back from stays warm; after `--drain-time` it is stopped.
"""


def parser() -> argparse.ArgumentParser:
    """The command's options; the manual's command reference is made from them."""
    made = argparse.ArgumentParser(
        prog="./deploy.py",
        description="Deploy a built version, roll back, or change the number of workers, without losing a request.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    action = made.add_argument_group("what to do (one of these)").add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--version",
        metavar="VERSION",
        help="make this built version serve, like v2.1.0; needs --env. The version that serves now stays warm",
    )
    action.add_argument(
        "--rollback",
        action="store_true",
        help="go back to the version that served before; with --immediate or --drain-time, "
        "else with the drain time of the setting deploy.drain_s",
    )
    action.add_argument(
        "--scale",
        metavar="workers=N",
        type=_workers,
        help="run N worker processes, 1 to 64; workers that go finish their jobs first, and those that are stopped start",
    )
    action.add_argument(
        "--status",
        action="store_true",
        help="show what serves, what runs, and whether a run was interrupted; changes nothing",
    )
    made.add_argument("--env", metavar="NAME", help="environment to deploy to, like production")
    how = made.add_argument_group("how to roll back").add_mutually_exclusive_group()
    how.add_argument(
        "--immediate",
        action="store_true",
        help="switch to the warm colour at once, then move the workers; fails when no colour is warm",
    )
    how.add_argument(
        "--drain-time",
        metavar="SECONDS",
        type=_seconds,
        help="give requests and jobs in flight up to this time (0 to 3600 s) before their processes stop; "
        "jobs never get more than the setting worker.shutdown_timeout_s",
    )
    made.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")
    made.add_argument("--json", action="store_true", help="print --status as JSON")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parser().parse_args(arguments)
    run = RunDir.from_environment()
    say = partial(print, flush=True)
    try:
        _refuse_nonsense(options, run)
        if options.status:
            content = report(run)
            with contextlib.suppress(BrokenPipeError):  # who reads it has seen enough, as `grep --quiet` has
                say(json.dumps(content, indent=1) if options.json else render(content))
            return 0 if content["healthy"] else 1
        if options.version:
            deploy(run, options.env, options.version, say=say, dry_run=options.dry_run)
        elif options.rollback:
            rollback(run, options.drain_time, immediate=options.immediate, say=say, dry_run=options.dry_run)
        else:
            scale(run, options.scale, say=say, dry_run=options.dry_run)
    except DeploymentError as error:
        print(f"deploy.py: {error}", file=sys.stderr)
        return error.exit_status
    except (SupervisorError, ReleaseError) as error:
        print(f"deploy.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndeploy.py: stopped. The next run finishes or undoes what had begun", file=sys.stderr)
        return 130
    return 0


def _refuse_nonsense(options: argparse.Namespace, run: RunDir) -> None:
    if options.version and not options.env:
        raise UsageError("--version needs --env, like `--env production`")
    if (options.immediate or options.drain_time is not None) and not options.rollback:
        raise UsageError("--immediate and --drain-time go with --rollback")
    state = load_state(run)
    if options.env and not options.version and state and options.env != state.environment:
        raise UsageError(f"this run folder serves {state.environment}, not {options.env}")
    if options.json and not options.status:
        raise UsageError("--json goes with --status")


def _workers(text: str) -> int:
    name, _, number = text.partition("=")
    if name != "workers" or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}`: write it like workers=4")
    return int(number)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"`{text}`: choose 0 to 3600 seconds")
    return seconds
