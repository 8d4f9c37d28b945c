"""What runs in a box: reads a plan, brings it to whoever carries it out, and tells what comes of it.

``python -m drillbook.proof.inside``, with the word that begins each line and the plan on standard input.
"""

import ctypes
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from drillbook.process import REDACTED
from drillbook.proof.stack import PrivateStack, StackError

HANDLERS: Final = {"doctest": "drillbook.proof.doctesting", "drill": "drillbook.proof.drilling"}
_PR_SET_DUMPABLE: Final = 4
_LARGEST_FILE_BYTES: Final = 4 * 1024**3
Handler = Callable[[dict[str, Any], PrivateStack, Callable[[str], None]], Iterable[dict[str, Any]]]


def main() -> int:
    """Carry out the plan. What goes wrong is said, and is no exception."""
    _close_up()
    word, _, plan_text = sys.stdin.read().partition("\n")
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    plan = json.loads(plan_text)
    stack = PrivateStack(
        plan["stack"], Path(plan["confdir"]), Path(plan["scratch"]), plan.get("rules", ""), plan.get("site", "")
    )

    def tell(event: dict[str, Any]) -> None:
        out.write(f"{word}{json.dumps(_redacted(event, stack.secrets))}\n")
        out.flush()

    error = ""
    try:
        handler: Handler = import_module(HANDLERS[plan["kind"]]).run
        for result in handler(plan, stack, lambda text: tell({"say": text})):
            stack.learn_secrets()
            tell({"result": result})
    except StackError as failed:
        error = str(failed)
    except Exception:  # whatever it is, it must be told, with what was done until then
        error = traceback.format_exc()
    try:
        stack.down()
    except StackError as failed:
        error = error or str(failed)
    tell({"end": error})
    return 0


def _close_up() -> None:
    """Let nothing that a page starts look into this process, or write where it writes."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE_BYTES, _LARGEST_FILE_BYTES))


def _redacted(value: Any, secrets: list[str]) -> Any:
    """*value* without the secrets, wherever in it they are."""
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, REDACTED.decode())
        return value
    if isinstance(value, list | tuple):
        return [_redacted(item, secrets) for item in value]
    if isinstance(value, dict):
        return {name: _redacted(item, secrets) for name, item in value.items()}
    return value


if __name__ == "__main__":
    sys.exit(main())
