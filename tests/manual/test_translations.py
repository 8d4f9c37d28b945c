"""The catalogues of the manual, each of their messages, without a build."""

from pathlib import Path

import pytest

from drillbook.model.translation import FOLDER, languages, problems, read_messages

LOCALES = Path(__file__).resolve().parents[2] / "source" / "locales"
LANGUAGES = tuple(languages([LOCALES]))


def test_there_are_the_languages_that_we_promise() -> None:
    assert LANGUAGES == ("de", "zh_CN")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_changes_what_must_be_the_same(language: str) -> None:
    files = sorted((LOCALES / language / FOLDER).rglob("*.po"))
    messages = [(file, message) for file in files for message in read_messages(file)]
    wrong = [f"{file}:{one.line}: {problem}" for file, one in messages for problem in problems(one, language)]
    assert wrong == []
    assert sum(bool(one.said) for _, one in messages) > 1000
