#!/usr/bin/env python3
"""A lighthouse: the smallest system with everything that a manual can be made from."""

import argparse
import json
import time
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Column, DateTime, Float, Index, MetaData, Table

REGISTRY = CollectorRegistry()
TURNS = Counter("lighthouse_turns", "Turns of the lamp.", registry=REGISTRY)
OIL = Gauge("lighthouse_oil_ratio", "How full the tank is, from 0 to 1.", registry=REGISTRY)


LOG = MetaData()
NIGHTS = Table(
    "nights",
    LOG,
    Column("began", DateTime, primary_key=True),
    Column("oil_l", Float, comment="Oil that was burned, in litres."),
    Index("nights_by_oil", "oil_l"),
    comment="One row for each night.",
)


class LampSettings(BaseSettings):
    """The lamp."""

    model_config = SettingsConfigDict(env_prefix="LAMP_")

    period_s: float = Field(
        10, ge=2, le=60, description="Time of one turn.", json_schema_extra={"unit": "s", "restart": True}
    )


class Error(NamedTuple):
    """What the lighthouse answers when it cannot."""

    code: str
    status: int
    title: str
    description: str


ERRORS = (Error("no_oil", 503, "No oil", "Fill the tank."),)


class Component(NamedTuple):
    """A part of the lighthouse."""

    name: str
    title: str
    description: str
    depends_on: tuple[str, ...] = ()
    kind: str = "part"
    undrilled: str = ""


COMPONENTS = (
    Component("tank", "Tank", "Holds the oil."),
    Component("lamp", "Lamp", "Burns the oil and turns.", ("tank",), undrilled="the spare lamp is lit by hand"),
)


class Fault(NamedTuple):
    """What can go wrong, and be made to."""

    name: str
    title: str
    description: str
    alert: str
    component: str
    core: bool = True
    alone: bool = False


FAULTS = (Fault("oil-used-up", "the oil is used up", "The lamp has burned all the oil.", "OilLow", "tank"),)


def openapi() -> dict[str, object]:
    """The HTTP interface, as OpenAPI."""
    answers = {"200": {"description": "It burns."}, "503": {"description": "It does not."}}
    lamp = {"get": {"summary": "Whether the lamp burns", "tags": ["lamp"], "responses": answers}}
    return {"openapi": "3.1.0", "info": {"title": "Lighthouse", "version": "1"}, "paths": {"/lamp": lamp}}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="./lighthouse.py", description="Look at the lamp, and fill its tank.")
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="say how full the tank is", description="Say how full the tank is.")
    fill = commands.add_parser("fill", help="fill the tank", description="Fill the tank from a barrel.")
    fill.add_argument("barrel", help="name of the barrel")
    commands.add_parser("measure", help="measure how fast it answers", description="Measure how fast it answers.")
    return made


def measured() -> dict[str, object]:
    """How long answers take: a table, and what is compared in it."""
    rows = []
    for count in (1, 10, 100):
        began = time.perf_counter()
        for _ in range(count):
            parser().parse_args(["status"])
        rows.append([count, round(1000 * (time.perf_counter() - began), 2)])
    cells = {"before": {"row": 0, "column": 1, "case": "one"}, "after": {"row": 2, "column": 1, "case": "a hundred"}}
    return {"title": "Answers", "columns": [["Answers", ""], ["Time", "ms"]], "rows": rows, **cells}


if __name__ == "__main__":
    arguments = parser().parse_args()
    if arguments.command == "measure":
        print(json.dumps(measured()))
    else:
        print("oil  90 %" if arguments.command == "status" else f"filled from {arguments.barrel}")
