"""The parts of the system, as the manual names them, and who depends on whom.

The stack starts what stands here and the manual draws it, so a part that is not listed neither runs nor is shown.
"""

from typing import Literal, NamedTuple

Kind = Literal["gateway", "process", "server", "storage", "tool"]


class Component(NamedTuple):
    """One part: how it is called, what it is for, which supervised programs it is, and what it needs to work.

    `undrilled` says why no fault harms it.
    """

    name: str
    title: str
    kind: Kind
    description: str
    depends_on: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    page: str = ""
    undrilled: str = ""


COMPONENTS: tuple[Component, ...] = (
    Component(
        "nginx",
        "nginx",
        "gateway",
        "Takes requests from clients and passes them to the active colour of the API gateway.",
        ("audio-enhancement-api",),
        ("nginx",),
    ),
    Component(
        "audio-enhancement-api",
        "API gateway",
        "process",
        "Checks API keys, takes uploads, answers for jobs and hands out results. Runs in two colours, blue and green.",
        ("redis", "postgres", "audio-files"),
        ("audio-enhancement-api-blue", "audio-enhancement-api-green"),
        ("api", "queue", "cache", "database", "storage"),
    ),
    Component(
        "enhancement-workers",
        "Enhancement workers",
        "process",
        "Take jobs from the queue; decode, denoise, level and encode the recording.",
        ("redis", "postgres", "audio-files"),
        ("enhancement-workers-blue", "enhancement-workers-green"),
        ("worker", "audio", "dsp", "queue", "cache", "database", "storage"),
    ),
    Component(
        "monitor",
        "Monitor",
        "process",
        "Sends the canary, measures the queue and the servers, and queues jobs that were left behind.",
        ("nginx", "redis", "postgres", "audio-files"),
        ("monitor",),
        ("canary", "monitoring", "queue", "database", "storage"),
    ),
    Component(
        "redis", "Redis", "server", "Holds the job queue and the result cache.", (), ("redis",), ("queue", "cache")
    ),
    Component(
        "postgres", "PostgreSQL", "server", "Holds jobs, results and API keys.", (), ("postgres",), ("database",)
    ),
    Component("audio-files", "Audio files", "storage", "The folder of uploads and results.", (), (), ("storage",)),
    Component(
        "prometheus",
        "Prometheus",
        "server",
        "Collects the metrics of all processes and evaluates the alert rules.",
        ("audio-enhancement-api", "enhancement-workers", "monitor", "alertmanager"),
        ("prometheus",),
        ("monitoring",),
        undrilled="a drill begins with an alert, and without it none fires. `start-server` starts it.",
    ),
    Component(
        "alertmanager",
        "Alertmanager",
        "server",
        "Groups alerts, silences them during deployments and sends them to people.",
        (),
        ("alertmanager",),
        ("monitoring",),
        undrilled="a drill begins with an alert, and without it none reaches anybody. `start-server` starts it.",
    ),
)
