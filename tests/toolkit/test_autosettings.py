"""Settings classes through autodoc: one field table, whichever way it is asked for."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build

Builder = Callable[..., Build]
Project = Callable[[str], Path]
AUTO = {
    "autoclass": ".. autoclass:: station.settings.SensorSettings\n   :members:\n   :undoc-members:\n",
    "automodule": ".. automodule:: station.settings\n   :members: SensorSettings\n   :undoc-members:\n",
    "both docstrings": ".. autoclass:: station.settings.SensorSettings\n   :class-doc-from: both\n",
    "inherited": ".. autoclass:: station.settings.SensorSettings\n   :members:\n   :undoc-members:\n"
    "   :inherited-members: BaseSettings\n",
}


def entries(html: str) -> dict[str, str]:
    """Setting name to the text of its entry."""
    found = re.findall(r'<dl class="ops setting">(.*?)</dl>\s*</dd></dl>', html, re.DOTALL)
    texts = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", entry)).replace("¶", "").strip() for entry in found]
    return {text.split()[0]: text for text in texts}


@pytest.mark.parametrize("directive", AUTO.values(), ids=AUTO.keys())
def test_autodoc_gives_the_field_table_of_ops_settings_once(build: Builder, project: Project, directive: str) -> None:
    source = project("weather")
    (source / "pages" / "python.rst").write_text(f"Python\n======\n\n{directive}")
    done = build(source)
    html = done.text("pages/python.html")
    table = entries(html)
    assert table == {
        name: text for name, text in entries(done.text("pages/settings.html")).items() if name.startswith("sensor.")
    }
    assert len(table) == 8
    assert html.count("WS_SENSOR_INTERVAL_S") == 1
    assert "class</span>" in html
    assert "model_config" not in html
    assert "_env_file" not in html  # pydantic's own signature


def test_links_lead_to_ops_settings_when_there_is_one(build: Builder) -> None:
    html = build("weather").text("index.html")
    assert 'href="pages/settings.html#setting-sensor.interval_s"' in html
    assert 'href="pages/python.html#setting' not in html


def test_links_lead_to_the_autodoc_table_when_there_is_no_other(build: Builder, project: Project) -> None:
    source = project("weather")
    page = source / "pages" / "settings.md"
    page.write_text(page.read_text().replace("```{ops:settings} sensor\n```", ""))
    done = build(source)
    assert 'href="pages/python.html#setting-sensor.interval_s"' in done.text("index.html")


def test_no_index_makes_no_target(build: Builder, project: Project) -> None:
    source = project("weather")
    page = source / "pages" / "python.rst"
    page.write_text("Python\n======\n\n.. autoclass:: station.settings.SensorSettings\n   :no-index:\n")
    html = build(source).text("pages/python.html")
    assert "WS_SENSOR_INTERVAL_S" in html
    assert 'id="setting-' not in html


def test_a_class_that_conf_does_not_list_has_its_table_without_targets(build: Builder) -> None:
    html = build("weather").text("pages/python.html")
    assert "DEPTH_M" in html
    assert 'id="setting-depth_m"' not in html
    assert "hunter2" not in html
