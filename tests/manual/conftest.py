"""The real manual, built once."""

from pathlib import Path

import pytest
from tests.manual.building import Built, build


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manual in HTML; the build must be without a warning."""
    built: Built = build(Path(__file__).resolve().parents[2], "html", tmp_path_factory.mktemp("manual"))
    assert built.status == 0, built.messages
    return built.output
