"""A manual in another language: what an author wrote is translated by its catalogue, what the toolkit says by ours.

Commands, outputs, conditions and all that a run is bound to are the same in every language.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont
from tests.toolkit.building import Build
from tests.toolkit.handbook import handbook

from drillbook import cli
from drillbook.language import LOCALES
from drillbook.model.translation import Message, problems, read_messages
from drillbook.output.script_words import messages
from drillbook.output.typst.engine import FONTS

ROOT = Path(__file__).parents[2]
SPOKEN = ("pages", "output", "model", "live", "portal")  # the parts of the toolkit that say something on pages
GERMAN = {
    "Stations": "Stationen",
    "Restart": "Neustart",
    "Do all stations answer?": "Antworten alle Stationen?",
    "All answer": "Alle antworten",
    "Some are down": "Einige sind weg",
    "A station is down.": "Eine Station ist weg.",
    "All answer, and reports are slow.": "Alle antworten, und Berichte sind langsam.",
    "the platform team": "das Plattform-Team",
    "the output of the check": "die Ausgabe der Prüfung",
    "the weather team": "das Wetter-Team",
    "SlowReports": "Langsame Berichte",
    "Bring a station back.": "Eine Station zurückholen.",
    "A station does not answer.": "Eine Station antwortet nicht.",
    "the on-call engineer": "der Bereitschaftsingenieur",
    "Its reports are missing meanwhile.": "Ihre Berichte fehlen so lange.",
    "a shell": "eine Shell",
    "nothing, a running station is what one wants": "nichts, eine laufende Station ist das, was man will",
    "The station.": "Die Station.",
    "Restart it": "Neu starten",
    "it is up.": "sie läuft.",
    "nothing to undo.": "nichts zurückzunehmen.",
    "Restart station": "Station neu starten",
}
PLACES = """
locale_dirs = ["locales"]
gettext_compact = False
gettext_location = False
"""


def catalogue(entries: dict[str, str], *, stale: tuple[str, ...] = ()) -> str:
    """A .po file."""
    parts = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n']
    for source, said in entries.items():
        flag = "#, fuzzy\n" if source in stale else ""
        parts.append(
            f"{flag}msgid {json.dumps(source, ensure_ascii=False)}\nmsgstr {json.dumps(said, ensure_ascii=False)}\n"
        )
    return "\n".join(parts)


def translated(folder: Path, entries: dict[str, str], language: str = "de", **more: Any) -> Path:
    """The little manual with a catalogue of its first page."""
    source = handbook(folder)
    (source / "conf.py").write_text((source / "conf.py").read_text() + PLACES)
    file = source / "locales" / language / "LC_MESSAGES" / "index.po"
    file.parent.mkdir(parents=True)
    file.write_text(catalogue(entries, **more), encoding="utf-8")
    return source


def german(**options: Any) -> dict[str, Any]:
    return {"confoverrides": {"language": "de"}, **options}


@pytest.fixture
def in_german(tmp_path: Path, build: Callable[..., Build]) -> Build:
    return build(translated(tmp_path / "book", GERMAN), **german())


def test_a_tree_and_a_procedure_speak_german_and_type_the_same(in_german: Build) -> None:
    page = in_german.text("index.html")
    for said in GERMAN.values():
        if said not in ("Langsame Berichte",):  # a title, which is shown where links lead to it
            assert said in page, said
    for said in ("Behebung: ", "Eskalieren: ", "weiter mit Schritt 3", "der Exit-Status ist 0", "Klar nach höchstens"):
        assert said in page, said
    for said in ("Anrufen", "Bereithalten", "Bestätigen:", "Rückgängig:", "Ausfüllen: ", "Zum Beispiel", "Übersicht"):
        assert said in page, said
    for english in ("go to step", "Clears within", "Confirm:", "Undo:", "Owner", "Have in hand", "Not proven yet"):
        assert english not in page, english
    assert "<html" in page and 'lang="de"' in page
    assert "stations restart" in re.sub("<[^>]+>", "", page)


def test_the_parts_of_a_step_are_framed_in_german_too(in_german: Build) -> None:
    page = in_german.text("index.html")
    assert "ops-part ops-confirm" in page and "ops-part ops-undo" in page


def test_what_a_run_is_bound_to_is_the_same_in_every_language(tmp_path: Path, build: Callable[..., Build]) -> None:
    english = json.loads(build(translated(tmp_path / "en", GERMAN)).text("ops.json"))
    other = json.loads(build(translated(tmp_path / "de", GERMAN), **german()).text("ops.json"))
    assert english["manual"].pop("language") == "en" and other["manual"].pop("language") == "de"
    for part in ("pages", "contents"):  # what people see of a page; nothing else may differ
        assert [page.pop("title") for page in english[part]] == ["Stations"]
        assert [page.pop("title") for page in other[part]] == ["Stationen"]
    assert [page.pop("translation") for page in english["contents"]] == [None]
    told = {"passages": len(GERMAN), "missing": 0, "stale": 0}
    assert [page.pop("translation") for page in other["contents"]] == [told]
    assert other == english


def test_text_has_the_same_words(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(translated(tmp_path / "book", GERMAN), "text", **german()).text("index.txt")
    assert "Antworten alle Stationen?" in page and "weiter mit Schritt 3" in page and "$ ./stations status" in page
    assert "Bestätigen: sie läuft." in " ".join(page.replace("*", "").split())


def test_paper_has_the_same_words(tmp_path: Path, build: Callable[..., Build]) -> None:
    done = build(translated(tmp_path / "book", GERMAN), "typst", **german())
    markup = "".join(file.read_text("utf-8") for file in sorted((done.output / "markup" / "pages").iterdir()))
    assert "Antworten alle Stationen?" in markup and "Behebung: " in markup and "stations status" in markup
    data = json.loads((done.output / "markup" / "manual.json").read_text("utf-8"))
    assert data["title"] == "Betriebshandbuch" and data["language"] == "de" and data["words"]["contents"] == "Inhalt"


def test_a_page_says_that_nobody_has_read_it(in_german: Build) -> None:
    page = in_german.text("index.html")
    assert "Kein Muttersprachler hat diese Übersetzung geprüft." in page
    assert "Teile dieser Seite" not in page


def test_a_page_says_how_much_of_it_is_english(tmp_path: Path, build: Callable[..., Build]) -> None:
    entries = {source: said for source, said in GERMAN.items() if source != "a shell"}
    page = build(translated(tmp_path / "book", entries, stale=("Restart it",)), **german()).text("index.html")
    assert f"1 von {len(GERMAN)} Absätzen sind nicht übersetzt." in page
    assert f"1 von {len(GERMAN)} Absätzen haben sich seit ihrer Übersetzung geändert." in page
    assert "a shell" in page and "Restart it" in page and "Neu starten" not in page


def test_a_page_knows_what_has_changed_though_nobody_renewed_the_catalogues(
    tmp_path: Path, build: Callable[..., Build]
) -> None:
    source = translated(tmp_path / "book", GERMAN)
    page = (source / "index.md").read_text().replace("Bring a station back.", "Bring one station back.")
    (source / "index.md").write_text(page.replace("a shell", "the key of the weather office"))
    done = build(source, **german())
    shown = done.text("index.html")
    assert "Bring one station back." in shown and "the key of the weather office" in shown
    assert f"1 von {len(GERMAN)} Absätzen sind nicht übersetzt." in shown
    assert f"1 von {len(GERMAN)} Absätzen haben sich seit ihrer Übersetzung geändert." in shown
    [told] = json.loads(done.text("ops.json"))["contents"]
    assert told["translation"] == {"passages": len(GERMAN), "missing": 1, "stale": 1}


@pytest.mark.parametrize("text", ["Stations", "Do all stations answer?", "Restart it", "Some are down"])
def test_a_translation_that_changes_what_must_be_the_same_is_not_shown(
    tmp_path: Path, build: Callable[..., Build], text: str
) -> None:
    """A title, what markup is read from, what none is, and an answer."""
    source = translated(tmp_path / "book", {**GERMAN, text: f"{GERMAN[text]} `kaputt`"})
    done = build(source, warns=True, **german())
    [warning] = done.warnings.splitlines()
    assert re.match(
        r"locales/de/LC_MESSAGES/index\.po:\d+: WARNING: the literal `kaputt` is not in the original: "
        r"the page shows this passage as it was written \[drillbook\.translation\]",
        warning,
    ), warning
    page = done.text("index.html")
    assert text in page and GERMAN["Stations" if text != "Stations" else "Restart"] in page
    assert "kaputt" not in page + done.text("ops.json") + done.text("search-index.js")
    assert f"1 von {len(GERMAN)} Absätzen sind nicht übersetzt." in page


def test_a_refused_translation_of_what_pages_do_not_show_as_text_is_not_shown(
    tmp_path: Path, build: Callable[..., Build]
) -> None:
    said = {"The yard": "Der Hof 7", "Other pages": "Andere Seiten 7", "A page": "Eine Seite 7"}
    source = translated(tmp_path / "book", GERMAN | said)
    toctree = "\n```{toctree}\n:caption: Other pages\n\nA page <other>\n```\n\n![The yard](yard.png)\n"
    (source / "index.md").write_text((source / "index.md").read_text() + toctree)
    (source / "other.md").write_text("# Other\n")
    (source / "yard.png").touch()
    done = build(source, warns=True, **german())
    assert done.warnings.count("the number 7 is not in the original") == len(said)
    page = done.text("index.html")
    assert all(text in page for text in said) and not any(text in page for text in said.values())


def test_a_refused_translation_ends_a_strict_build_until_it_is_mended(
    tmp_path: Path, build_apart: Callable[..., Build]
) -> None:
    source = translated(tmp_path / "book", {**GERMAN, "it is up.": "sie läuft nach 3 s."})
    for _ in range(2):  # the page is judged again, though it has not changed
        done = build_apart(source, "-D", "language=de", warns=True)
        assert done.status == 1 and "the number 3 s is not in the original" in done.warnings
    file = source / "locales" / "de" / "LC_MESSAGES" / "index.po"
    file.write_text(catalogue(GERMAN), encoding="utf-8")
    assert "sie läuft." in build_apart(source, "-D", "language=de").text("index.html")


def test_a_page_without_a_translation_says_so(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(translated(tmp_path / "book", dict.fromkeys(GERMAN, "")), **german()).text("index.html")
    assert "Diese Seite ist nicht übersetzt" in page and "Muttersprachler" not in page


def test_a_manual_in_its_own_language_is_no_translation(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(handbook(tmp_path / "book"), **german()).text("index.html")  # no catalogues: its author writes German
    assert "übersetzt" not in page and "Übersetzung" not in page
    assert "Behebung: " in page


def test_links_have_the_title_of_their_page(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = translated(tmp_path / "book", GERMAN)
    (source / "other.md").write_text("# Other\n\nSee {ops:procedure}`restart-station`.\n")
    assert "Station neu starten" in build(source, **german()).text("other.html")


def test_chinese_has_its_own_marks_and_is_found(tmp_path: Path, build: Callable[..., Build]) -> None:
    entries = {"Do all stations answer?": "所有气象站都有应答吗？", "Stations": "气象站", "it is up.": "它已启动。"}
    done = build(translated(tmp_path / "book", entries, "zh_CN"), confoverrides={"language": "zh_CN"})
    page = done.text("index.html")
    assert 'lang="zh-CN"' in page and "修复：" in page and "转到步骤 3" in page and "确认：" in page
    assert any("所有气象站" in record[4] for record in done.index()["records"])
    assert "气象" in dict(done.index()["index"]["index"])


def test_the_scripts_find_their_words_in_a_file(in_german: Build) -> None:
    words = in_german.text("_static/words.js")
    assert '"Show the whole tree": "Ganzen Baum zeigen"' in words
    assert '"Step {0}. Answers so far: {1}.": "Schritt {0}. Bisherige Antworten: {1}."' in words
    page = in_german.text("index.html")
    assert page.index("_static/words.js") < page.index("_static/tree.js")


def test_english_pages_load_no_words(tmp_path: Path, build: Callable[..., Build]) -> None:
    done = build(translated(tmp_path / "book", GERMAN))
    assert "words.js" not in done.text("index.html") and not (done.output / "_static" / "words.js").exists()


LISTS = "# Listen\n\n```{ops:alert-list}\n```\n\n```{ops:changes}\n```\n"
SAME = "Seit der früheren Version hat sich nichts geändert."


def test_lists_changes_and_what_is_not_there_are_said_in_german(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = handbook(tmp_path / "book", lists=LISTS)
    rules = (source / "rules.yml").read_text()
    (source / "rules.yml").write_text(rules.replace("labels: {severity: SEV1}", "labels: {}"))
    conf = (source / "conf.py").read_text().replace('"drillbook"]', '"drillbook", "notfound.extension"]')
    (source / "conf.py").write_text(conf + '\nhtml_theme = "furo"\ndrillbook_llms = True\n')
    done = build(source, warns=True, **german())
    [warning] = done.warnings.splitlines()
    assert "alert Silent has no severity" in warning
    lists = done.text("lists.html")
    assert "Ohne Schweregrad" in lists and "Es gibt keine frühere Version zum Vergleichen." in lists
    gone = done.text("404.html")
    assert "<title>Diese Seite gibt es hier nicht" in gone and "<h1>Diese Seite gibt es hier nicht</h1>" in gone
    assert "ist unter dem Namen des Alarms zu finden." in gone and ">Die Startseite</a> führt überallhin." in gone
    index = done.text("llms.txt")
    assert "Der Text aller Seiten steht in [llms-full.txt](llms-full.txt)." in index
    assert "## Hier beginnen" in index and "## Andere Seiten" in index


def test_changes_are_counted_in_german(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = handbook(tmp_path / "book", lists=LISTS)
    shutil.copytree(build(source, **german()).output, tmp_path / "before")
    since = {"language": "de", "drillbook_changes_since": str(tmp_path / "before")}
    assert SAME in build(source, confoverrides=since).text("lists.html")
    (source / "rules.yml").write_text((source / "rules.yml").read_text().replace("for: 2m", "for: 9m"))
    assert "1 Änderung seit der früheren Version." in build(source, confoverrides=since).text("lists.html")
    (source / "rules.yml").write_text((source / "rules.yml").read_text().replace("> 0.5", "> 0.8"))
    page = build(source, confoverrides=since | {"version": "2"}).text("lists.html")
    assert "2 Änderungen seit der früheren Version." in page and "2 min → 9 min" in page


def test_messages_are_what_an_author_wrote(tmp_path: Path, build: Callable[..., Build]) -> None:
    done = build(translated(tmp_path / "book", {}), "gettext")
    assert {message.source for message in read_messages(done.output / "index.pot")} == set(GERMAN)


def test_a_catalogue_that_is_none_is_said_with_its_place(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = translated(tmp_path / "book", {})
    file = source / "locales" / "de" / "LC_MESSAGES" / "index.po"
    file.write_text('msgid "Stations"\nStationen\n', encoding="utf-8")
    done = build(source, warns=True, **german())
    assert "index.po" in done.warnings and "drillbook.translation" in done.warnings
    assert "Do all stations answer?" in done.text("index.html")


# the check


@pytest.mark.parametrize(
    ("source", "said", "wrong"),
    [
        ("It is `up` now.", "Es ist jetzt `oben`.", "the literal `up` is missing"),
        ("See {doc}`start`.", "Siehe dort.", "the role {doc}`start` is missing"),
        ("Fires above {ops:fact}`A.threshold`.", "Ab {ops:fact}`B.threshold`.", "`B.threshold` is not in the original"),
        ("Wait 30 s.", "30 s warten, dann 5 s.", "the number 5 s is not in the original"),
        ("Wait 30 s.", "40 s warten.", "the number 30 s is missing"),
        ("Wait 30 s.", "30 min warten.", "the number 30 min is not in the original"),
        ("Wait 30 seconds.", "30 Minuten warten.", "the number 30 s is missing"),
        ("Wait 30 s.", "30 warten.", "the number 30 s is missing"),
        ("It holds 5 MB.", "Es fasst 5 MiB.", "the number 5 MB is missing"),
        ("At 80 %.", "Bei 80.", "the number 80 % is missing"),
        (
            "[Here](https://example.org/a).",
            "[Hier](https://example.org/b).",
            "the link https://example.org/a is missing",
        ),
        ("Restart {{ station }}.", "Neu starten.", "the place {{ station }} is missing"),
        ("In `a` and `a`.", "In `a`.", "the literal `a` is missing"),
        ("{ops:command}`./a --all <./a>`.", "{ops:command}`./a --alle <./a>`.", "--all <./a>` is missing"),
        ("Stop.", "- Halt.", "makes more of it than a paragraph"),
        ("$ ./stations status", "", "a command is no passage"),
    ],
)
def test_what_must_be_the_same_is_held_to_it(source: str, said: str, wrong: str) -> None:
    found = list(problems(Message(source, said, False, 1), "de"))
    assert any(wrong in problem for problem in found), found


@pytest.mark.parametrize(
    ("source", "said", "language"),
    [
        ("See {doc}`the start <start>` and `x`.", "`x` und {doc}`der Anfang <start>`.", "de"),
        ("{ops:fact}`A.for` after 30 s.", "Nach 30 s {ops:fact}`A.for`.", "de"),
        ("Not yet.", "", "de"),
        ("A [page](https://example.org).", "Eine [Seite](https://example.org).", "de"),
        ("The 30-second window.", "Das 30-Sekunden-Fenster.", "de"),
        ("For 3 days at 80 percent, 1 min each.", "An 3 Tagen bei 80 %, je 1 Minute.", "de"),
        ("Of 5 workers 2 secondary ones.", "Von 5 Arbeitern 2 weitere.", "de"),
        ("No answer for 30 seconds, of 5 MB.", "30 秒未响应，共 5 MB。", "zh_CN"),
        ("After 5 min, 2 h and 1 day.", "5 分钟、2 小时和 1 天后。", "zh_CN"),
        ("On 24 November 2026.", "2026 年十一月 24 日。", "zh_CN"),
        ("Wait 30 seconds.", "Attendez 30 secondes.", "fr"),
        ("Wait 30 s.", "Wart 30 s.", "xx"),
    ],
)
def test_what_may_differ_may(source: str, said: str, language: str) -> None:
    assert list(problems(Message(source, said, False, 1), language)) == []


# the commands


@pytest.fixture
def extracted(tmp_path: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The little manual, its messages extracted, in the working folder."""
    source = translated(tmp_path / "book", {**GERMAN, "a shell": ""}, stale=("Restart it",))
    done = build(source, "gettext")
    done.output.rename(source / "messages")
    shutil.rmtree(source / "_build")  # its pages are kept for the gettext builder, and others cannot read them
    monkeypatch.chdir(source)
    return source


PLACED = ("--messages", "messages", "--locales", "locales", "--evidence", "evidence")


def test_the_report_counts_and_lists(extracted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["translations", *PLACED, "--report", "report"]) == 0
    said = capsys.readouterr().out
    assert f"{len(GERMAN) - 2} of   {len(GERMAN)} translated,    1 missing,   1 stale, not signed" in said
    report = json.loads((extracted / "report" / "report.json").read_text("utf-8"))
    [page] = [page for page in report["languages"]["de"] if page["page"] == "index"]
    assert (page["translated"], page["missing"], page["stale"]) == (len(GERMAN) - 2, 1, 1)
    assert report["problems"] == []


def test_the_report_tells_what_has_changed_from_what_was_never_translated(
    extracted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = extracted / "locales" / "de" / "LC_MESSAGES" / "index.po"
    older = {"Bring any station back.": "Irgendeine zurückholen.", "Quite another matter": "Etwas ganz anderes"}
    never = ("a shell", "Bring a station back.")
    entries = {source: said for source, said in GERMAN.items() if source not in never}
    file.write_text(catalogue(entries | older), encoding="utf-8")
    assert cli.main(["translations", *PLACED, "--report", "report"]) == 0
    assert f"{len(GERMAN) - 2} of   {len(GERMAN)} translated,    1 missing,   1 stale" in capsys.readouterr().out


def test_the_report_refuses_what_changes_a_literal(extracted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = extracted / "locales" / "de" / "LC_MESSAGES" / "index.po"
    file.write_text(catalogue({"It is `up`.": "Es ist `oben`."}), encoding="utf-8")
    assert cli.main(["translations", "de", *PLACED, "--report", "report"]) == 1
    assert "locales/de/LC_MESSAGES/index.po:4: the literal `up` is missing" in capsys.readouterr().err


def test_an_unknown_language_is_refused_with_those_that_there_are(
    extracted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["translations", "fr", *PLACED]) == 2
    assert "there are no catalogues for fr; there are: de" in capsys.readouterr().err


def test_a_native_speaker_signs_and_the_page_says_so(
    extracted: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("GIT_CONFIG_COUNT", "2"), ("GIT_CONFIG_KEY_0", "user.name"), ("GIT_CONFIG_VALUE_0", "Ada"):
        monkeypatch.setenv(*key)
    monkeypatch.setenv("GIT_CONFIG_KEY_1", "user.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_1", "ada@example.org")
    signing = ["review", "index", "--language", "de", *PLACED]
    assert cli.main([*signing, "--sign"]) == 2  # nobody was asked
    assert cli.main([*signing, "--sign", "--yes"]) == 0
    assert (extracted / "evidence" / "translation" / "de" / "index.json").is_file()
    cli.main(["translations", *PLACED, "--report", "report"])
    assert ", signed" in capsys.readouterr().out
    page = build(extracted, **german()).text("index.html")
    assert "von einem Muttersprachler geprüft: Ada," in page

    file = extracted / "locales" / "de" / "LC_MESSAGES" / "index.po"
    file.write_text(
        file.read_text("utf-8").replace("Eine Station zurückholen.", "Eine Station holen."), encoding="utf-8"
    )
    page = build(extracted, **german()).text("index.html")
    assert "hat sich geändert, seit ein Muttersprachler sie geprüft hat: Ada," in page


def test_nothing_translated_is_not_signed(extracted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = extracted / "locales" / "de" / "LC_MESSAGES" / "index.po"
    file.write_text(catalogue({}), encoding="utf-8")
    assert cli.main(["review", "index", "--language", "de", *PLACED, "--sign", "--yes"]) == 2
    assert "nothing of index is translated" in capsys.readouterr().err


# the toolkit's own catalogue


def spoken() -> set[str]:
    """All that the toolkit says on pages and in scripts."""
    keywords = {"_": None, "say": None, "Phrase": None, "around": None}
    found = set(messages())
    for part in SPOKEN:
        folder, marks = ROOT / "ext" / "drillbook" / part, {"_": None} if part == "portal" else keywords
        found |= {str(each[2]) for each in extract_from_dir(folder, method_map=[("**.py", "python")], keywords=marks)}
    return found


@pytest.mark.parametrize("language", ["de", "zh_CN"])
def test_the_toolkit_says_all_of_it_in_each_language(language: str) -> None:
    file = LOCALES / language / "LC_MESSAGES" / "drillbook.po"
    with file.open("rb") as opened:
        said = {str(one.id): str(one.string) for one in read_po(opened, abort_invalid=True) if one.id and not one.fuzzy}
    wanted = spoken()
    assert wanted - said.keys() == set(), "not translated"
    assert said.keys() - wanted == set(), "no longer said"
    for source, text in said.items():
        assert text, source
        assert sorted(re.findall(r"\{\w+\}", source)) == sorted(re.findall(r"\{\w+\}", text)), source
    assert len(wanted) > 300


def large_font(file: Path, letters: str) -> None:
    """One of ours under another name, in which each of *letters* looks like an ``o``."""
    made = TTFont(FONTS / "DrillbookSans-Regular.ttf")
    for table in made["cmap"].tables:
        if table.isUnicode():
            table.cmap.update(dict.fromkeys(map(ord, letters), table.cmap[ord("o")]))
    for name in made["name"].names:
        name.string = name.toUnicode().replace("Drillbook", "Squares")
    made.save(file)


def test_paper_takes_the_letters_that_it_has_out_of_a_large_font(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = translated(tmp_path / "book", {"Stations": "气象站"}, "zh_CN")
    said = (LOCALES / "zh_CN" / "LC_MESSAGES" / "drillbook.po").read_text("utf-8")
    large_font(source / "large.ttf", "".join(sorted({*"气象站龘", *(letter for letter in said if letter > "\u2e7f")})))
    with (source / "conf.py").open("a") as conf:
        conf.write('drillbook_pdf = {"letters": {"zh_CN": ["large.ttf"]}}\n')
    done = build(source, "typst", confoverrides={"language": "zh_CN"})
    has = TTFont(done.output / "fonts" / "large.ttf").getBestCmap()
    assert set(map(ord, "气象站")) <= has.keys() and ord("龘") not in has
    assert json.loads((done.output / "markup" / "manual.json").read_text("utf-8"))["region"] == "CN"


def test_a_font_that_is_not_there_is_said(tmp_path: Path, build: Callable[..., Build]) -> None:
    source = translated(tmp_path / "book", {}, "zh_CN")
    with (source / "conf.py").open("a") as conf:
        conf.write('drillbook_pdf = {"letters": {"zh_CN": ["large.ttf"]}}\n')
    done = build(source, "typst", warns=True, confoverrides={"language": "zh_CN"})
    assert re.search(r"conf\.py:\d+: WARNING: there is no font .*large\.ttf", done.warnings), done.warnings
