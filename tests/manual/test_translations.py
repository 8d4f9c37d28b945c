"""The catalogues of the manual, each of their messages, without a build."""

from pathlib import Path

import pytest

from drillbook.language import translator
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_on_trust_quotes_what_stamps_say(language: str) -> None:
    stamp = translator(language)
    page = {one.source: one.said for one in read_messages(LOCALES / language / FOLDER / "start" / "trust.po")}
    quoted = {source: said for source, said in page.items() if stamp(f"{source}.") != f"{source}."}
    assert {"Not proven yet", "Not proven since it changed", "Not measured since it changed"} <= quoted.keys()
    assert quoted == {source: stamp(f"{source}.").rstrip(".。") for source in quoted}
