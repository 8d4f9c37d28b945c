"""`ops:tables`: tables, columns, keys and indexes, as SQLAlchemy has them."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import handbook
from tests.toolkit.test_stamps import edited

MODELS = '''
from sqlalchemy import Enum, ForeignKey, Index, String, Table, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Mast(Base):
    """Where a sensor hangs. Its ``name`` is painted on it."""

    __tablename__ = "masts"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    serial: Mapped[int] = mapped_column(unique=True, comment="As the maker stamped it.")
    built: Mapped[str] = mapped_column(server_default=func.now())


class Report(Base):
    """What a sensor said."""

    __tablename__ = "reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    mast: Mapped[str] = mapped_column(ForeignKey("masts.name"))
    state: Mapped[str | None] = mapped_column(Enum("good", "bad", native_enum=False), default="good")
    day: Mapped[int]
    __table_args__ = (
        UniqueConstraint("mast", "day"),
        Index("reports_bad", "day", postgresql_where=state == "bad", sqlite_where=state == "bad"),
    )


def metadata():
    return Base.metadata


def broken():
    raise ValueError("no database today")


NOTHING = 3
'''
PAGE = "# Tables\n\n```{ops:tables}\n```\n\nAs in {ops:table}`masts`.\n"
CONF = 'drillbook_tables = {"postgresql": "models:Base"}\n'


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with the tables of two models."""
    made = handbook(tmp_path / "book", PAGE)
    (made / "models.py").write_text(MODELS)
    with (made / "conf.py").open("a") as conf:
        conf.write(CONF)
    return made


def rows(page: str) -> list[list[str]]:
    """The cells of all tables, without their markup."""
    body = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
    return [[" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in body if row]


def test_columns_keys_and_indexes_are_shown(book: Path, build_apart: Callable[..., Build]) -> None:
    page = build_apart(book).text("index.html")
    assert rows(page) == [
        ["name", "VARCHAR(20)", "no", "–", "primary key"],
        ["serial As the maker stamped it.", "INTEGER", "no", "–", "unique"],
        ["built", "VARCHAR", "no", "now()", "–"],
        ["id", "INTEGER", "no", "–", "primary key"],
        ["mast", "VARCHAR(20)", "no", "–", "refers to masts.name"],
        ["state", "VARCHAR(4) good , bad", "yes", "good", "–"],
        ["day", "INTEGER", "no", "–", "–"],
        ["reports_bad", "day", "reports.state = 'bad'"],
    ]
    assert 'href="#table-masts"' in page and 'id="table-reports"' in page
    assert "Unique together: mast, day." in page
    assert "painted on it" in page and "What a sensor said." in page


def test_they_are_read_as_text_too(book: Path, build_apart: Callable[..., Build]) -> None:
    said = build_apart(book, builder="text").text("index.txt")
    assert "VARCHAR(20)" in said and "Unique together" in said and 'As in "masts"' in said


def test_one_table_of_a_metadata_in_the_words_of_another_database(
    book: Path, build_apart: Callable[..., Build]
) -> None:
    edited(book, "conf.py", CONF, 'drillbook_tables = {"sqlite": "models:metadata"}\n')
    edited(book, "index.md", "{ops:tables}", "{ops:tables} masts")
    built = build_apart(book, warns=True)
    assert rows(built.text("index.html"))[2] == ["built", "VARCHAR", "no", "CURRENT_TIMESTAMP", "–"]
    said = "WARNING: table masts has no description: give its class a docstring, or the table a comment"
    assert said in built.warnings, "a MetaData knows no classes"


def test_a_changed_model_is_on_the_next_build(book: Path, build_apart: Callable[..., Build]) -> None:
    build_apart(book)
    edited(book, "models.py", "String(20)", "String(30)")
    assert "VARCHAR(30)" in build_apart(book).text("index.html")


def test_they_are_drawn_with_their_keys(book: Path, build_apart: Callable[..., Build]) -> None:
    edited(book, "conf.py", '"drillbook"]', '"sphinxcontrib.plantuml", "drillbook"]')
    edited(book, "index.md", "As in", "```{ops:table-diagram}\n```\n\nAs in")
    page = build_apart(book).text("index.html")
    drawn = page[page.index("<svg") : page.index("</svg>")]
    said = html.unescape(re.sub(r"<[^>]+>", " ", drawn)).replace("\xa0", " ")
    for word in ("masts", "reports", "name", "primary key", "serial", "unique", "mast", "reference"):
        assert word in said, (word, said)
    assert "built" not in said, "no key"
    assert "#table-reports" in drawn, "a box leads to its entry"
    said = " ".join(build_apart(book, builder="text").text("index.txt").split())
    assert "Tables and which refers to which. masts refers to none. reports refers to masts by mast." in said


def test_a_drawing_of_no_table_is_refused(book: Path, build_apart: Callable[..., Build]) -> None:
    edited(book, "conf.py", '"drillbook"]', '"sphinxcontrib.plantuml", "drillbook"]')
    edited(book, "index.md", "As in", "```{ops:table-diagram} gone\n```\n\nAs in")
    said = "index.md:6: WARNING: no table or schema of tables is called 'gone'; there are: masts, reports"
    assert said in build_apart(book, warns=True).warnings


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{"postgresql": "models:NOTHING"}', "'models:NOTHING' is no MetaData and no declarative base: int"),
        ('{"postgresql": "models:gone"}', "'models:gone': there is no 'gone' in it"),
        ('{"postgresql": "models:broken"}', "calling 'models:broken' failed: ValueError: no database today"),
        ('{"cards": "models:Base"}', "SQLAlchemy knows no database 'cards': write 'postgresql', 'sqlite', ..."),
        ('["models:Base"]', 'drillbook_tables must map names to "package.module:attribute"'),
    ],
)
def test_a_source_that_cannot_be_read_is_located(
    source: str, said: str, book: Path, build_apart: Callable[..., Build]
) -> None:
    edited(book, "conf.py", CONF, f"drillbook_tables = {source}\n")
    warnings = build_apart(book, warns=True).warnings
    assert any(line.startswith("conf.py:") and said in line for line in warnings.splitlines()), warnings
    assert "Traceback" not in warnings
