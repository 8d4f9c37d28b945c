"""The first floor, on a weather station: entries, links, inventory, search, and the same words in text."""

import html
import re
from collections.abc import Callable

import pytest
from sphinx.util.inventory import InventoryFile
from tests.toolkit.building import Build

SETTINGS = (
    "WS_SENSOR_INTERVAL_S",
    "number, 0.5 to 3600 s",
    "30 s",
    "after a restart",
    "at once",
    "integer, more than 0 readings",
    "number or none, more than -5, less than 5 K",
    "one of celsius, kelvin",
    "list of integer values",
    "none, it must be set",
    "duration, in s",
    "120 s",
    "WS_SENDER_RETRY__LIMIT",
    "integer, at least 0 attempts",
    "STATION_NAME",
    "Least severe message that is logged.",
)
REFERENCE = (
    "Fires when this has held for 1 min 30 s",
    "Fires as soon as this holds",
    "ws:readings:rate5m == 0",
    "No reading for {{ $value }} s.",
    "Metric ws_readings_total says how slow.",
    "team=weather",
    "rules/weather.yml",
    "sum(rate(ws_readings_total[5m]))",
    "ws_send_seconds_bucket, ws_send_seconds_sum, ws_send_seconds_count",
    "0.1, 1, 10 seconds",
    "the sensor does not answer",
    "--port, -p",
    "key of the service; with --port",
    "Call it as ./station.py --help.",
    "roof, ground",
    "id (in the path, integer, at least 1, required)",
    "422 Unprocessable Entity",
    "Errors: bad_reading",
    '"value": 21.5',
    "Clean the sensor, then send it again.",
    "Needed by: Sender",
)
Builder = Callable[..., Build]


def words(text: str) -> str:
    """Text without its markup, in HTML or plain."""
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\s+", " ", re.sub(r'["¶]', "", plain))


@pytest.mark.parametrize(("builder", "suffix"), [("html", "html"), ("text", "txt")])
def test_every_fact_is_on_its_page_in_every_format(build: Builder, builder: str, suffix: str) -> None:
    done = build("weather", builder)
    for page, facts in (("settings", SETTINGS), ("reference", REFERENCE)):
        page_words = words(done.text(f"pages/{page}.{suffix}"))
        missing = [fact for fact in facts if words(fact) not in page_words]
        assert not missing, (page, missing)


def test_roles_lead_to_the_entries(build: Builder) -> None:
    page = build("weather").text("index.html")
    links = dict(re.findall(r'<a class="reference internal" href="([^"]+)"[^>]*>(.*?)</a>', page))
    shown = {target: re.sub(r"<[^>]+>", "", text) for target, text in links.items()}
    assert shown["pages/reference.html#component-sender"] == "Sender"
    assert "pages/settings.html#setting-sensor.interval_s" in shown
    assert "pages/reference.html#alert-SensorSilent" in shown
    assert 'title="ws_send_seconds"><code' in page
    assert "ws_send_seconds_bucket" in page
    assert shown["pages/reference.html#error-bad_reading"] == "bad_reading"
    assert shown["pages/reference.html#error-sensor_gone"] == "sensor_gone"
    assert shown["pages/reference.html#route-GET-readings-id"] == "GET /readings/{id}"
    assert shown["pages/reference.html#command-station.py-read"] == "./station.py read"
    assert shown["pages/reference.html#option-station.py-port"] == "./station.py --port"
    assert "the pause" in words(page)
    assert ">sensor.gone<" not in re.sub(r"<code[^>]*>.*?</code>", "", page)


def test_generated_text_links_too_and_never_warns(build: Builder) -> None:
    done = build("weather")
    reference, settings = done.text("pages/reference.html"), done.text("pages/settings.html")
    assert 'href="#metric-ws-readings-rate5m"' in reference
    assert 'href="settings.html#setting-sensor.interval_s"' in reference
    assert 'href="reference.html#error-bad_reading"' in settings
    assert 'href="../index.html"' in reference


def test_objects_inv_lists_every_object_once(build: Builder) -> None:
    done = build("weather")
    inventory = InventoryFile.loads((done.output / "objects.inv").read_bytes(), uri="")
    found = {kind: set(items) for kind, items in inventory.data.items() if kind.startswith("ops:")}
    assert found["ops:alert"] == {"SensorSilent"}
    assert found["ops:metric"] == {
        "ws_readings_total",
        "ws_temperature_celsius",
        "ws_send_seconds",
        "ws:readings:rate5m",
    }
    assert found["ops:command"] == {"./station.py", "./station.py read"}
    assert found["ops:route"] == {"GET /readings/{id}"}
    assert found["ops:error"] == {"bad_reading", "sensor_gone"}
    assert found["ops:component"] == {"sensor-reader", "sender"}
    assert {"sensor.interval_s", "sender.retry.limit"} < found["ops:setting"]
    assert "WS_SENSOR_INTERVAL_S" not in found["ops:setting"]
    assert inventory.data["ops:setting"]["sensor.interval_s"].uri.startswith("pages/settings.html")


def test_search_and_indices_know_the_objects(build: Builder) -> None:
    done = build("weather")
    found = {(kind, title) for kind, title, *_ in done.index()["records"]}
    assert {("alert", "SensorSilent"), ("error", "bad_reading"), ("setting", "sender.url")} <= found
    assert 'href="pages/settings.html#setting-sender.url"' in done.text("ops-settings.html")
    assert 'href="pages/reference.html#alert-SensorSilent"' in done.text("ops-alerts.html")
    assert 'href="pages/reference.html#metric-ws_readings_total"' in done.text("ops-metrics.html")


def test_no_secret_is_in_anything_that_a_build_writes(build: Builder) -> None:
    done = build("weather")
    assert "hunter2" not in done.everything()
    settings = words(done.text("pages/settings.html"))
    assert "https://bob:***@collect.example/in" in settings
    assert "Default: not shown" in settings
    assert "Secret: yes, keep it out of pages, logs and tickets" in settings
