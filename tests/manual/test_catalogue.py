"""The faults of ``tests/data/sabotage.yml`` can be sown: they fit the pages and the code as they are now."""

from collections import Counter
from pathlib import Path

from drillbook.model.sabotage import read_catalogue, sow

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = read_catalogue(REPOSITORY / "tests" / "data" / "sabotage.yml")


def test_every_fault_can_be_sown(tmp_path: Path) -> None:
    for fault in CATALOGUE.faults:
        copy = tmp_path / fault.name / fault.file
        copy.parent.mkdir(parents=True)
        copy.write_bytes((REPOSITORY / fault.file).read_bytes())
        assert sow(fault, tmp_path / fault.name)


def test_there_are_faults_of_many_kinds_for_every_check() -> None:
    assert len(CATALOGUE.faults) >= 64
    assert len({fault.kind for fault in CATALOGUE.faults}) >= 30
    expected = Counter(fault.expected for fault in CATALOGUE.faults)
    assert set(expected) == {check.name for check in CATALOGUE.checks}
