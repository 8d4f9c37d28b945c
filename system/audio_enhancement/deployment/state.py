"""What is deployed: two colours, which of them serves, and how many workers run. Kept in ``state/deployment.json``."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from audio_enhancement.rundir import RunDir, write_atomically

Mode = Literal["active", "warm", "draining", "stopped"]
COLOURS = ("blue", "green")
MONITOR = "monitor"


def gateway_program(colour: str) -> str:
    """Name of the supervised program that is the gateway of a colour."""
    return f"audio-enhancement-api-{colour}"


def worker_program(colour: str, number: int) -> str:
    """Name of the supervised program that is worker ``number`` (from 1) of a colour."""
    return f"enhancement-workers-{colour}-{number}"


@dataclass(frozen=True)
class Colour:
    """One colour: the release it runs, and what it does.

    `active`: serves requests and runs workers. `warm`: its gateway runs and waits, without workers.
    `draining`: its workers finish their jobs. `stopped`: nothing of it runs.
    """

    version: str
    state: Mode


@dataclass(frozen=True)
class Deployment:
    """All that deployments remember. Ports belong to a program's name and stay with it."""

    environment: str
    active: str | None = None
    workers: int = 0
    colours: dict[str, Colour] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    replaced_at: str | None = None
    """When the version that serves took over from another one; None for the first, and after a rollback."""

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Make one from its JSON form."""
        return cls(**{**content, "colours": {name: Colour(**colour) for name, colour in content["colours"].items()}})

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        return asdict(self)

    @property
    def version(self) -> str | None:
        """The version that serves."""
        return self.colours[self.active].version if self.active else None

    @property
    def idle(self) -> str:
        """The colour that does not serve; the next deployment goes there."""
        return COLOURS[1] if self.active == COLOURS[0] else COLOURS[0]

    def with_colours(self, active: str, **colours: Colour) -> Self:
        """The same, with other colours and another active one."""
        return replace(self, active=active, colours={**self.colours, **colours})

    def gateways(self) -> dict[str, Colour]:
        """The colours whose gateway runs."""
        return {name: colour for name, colour in self.colours.items() if colour.state != "stopped"}

    def worker_programs(self) -> list[str]:
        """The workers that run: those of the active colour."""
        return [worker_program(self.active, number) for number in range(1, self.workers + 1)] if self.active else []

    def programs(self) -> Iterator[str]:
        """Every program of ours that runs when nothing is being changed."""
        yield from map(gateway_program, self.gateways())
        yield from self.worker_programs()
        if self.active:
            yield MONITOR

    def save(self, run: RunDir) -> None:
        """Write `state_file` in one step."""
        write_atomically(state_file(run), json.dumps(self.to_dict(), indent=1) + "\n")


def state_file(run: RunDir) -> Path:
    """Where the state is kept."""
    return run.state / "deployment.json"


def load_state(run: RunDir) -> Deployment | None:
    """Read what is deployed; None before the first deployment."""
    try:
        return Deployment.from_dict(json.loads(state_file(run).read_text()))
    except FileNotFoundError:
        return None
