"""What a book can be asked to be, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from fintech_factory import book
from fintech_factory.errors import UsageError


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"loans": 0}, "--loans"),
        ({"loans": -5}, "--loans"),
        ({"months": 0}, "--months"),
        ({"months": 241}, "--months"),
        ({"seed": -1}, "--seed"),
        ({"entities": 0}, "--entities"),
        ({"entities": 21}, "--entities"),
        ({"instalments": (0, 5)}, "--instalments"),
        ({"instalments": (5, 3)}, "--instalments"),
        ({"instalments": (1, 61)}, "--instalments"),
        ({"currencies": ()}, "--currencies"),
        ({"currencies": ("USD", "USD")}, "--currencies"),
        ({"currencies": ("USD", "XAF")}, "--currencies"),
        ({"until": date(1980, 1, 1)}, "--until"),
        ({"hazards": True}, "--hazards"),
    ],
)
def test_a_book_that_cannot_be_is_refused_with_the_option_to_mend(
    asked: dict[str, object], where: str
) -> None:
    with pytest.raises(UsageError) as refused:
        book.BookPlan(**{"loans": 10, "months": 5, **asked})  # type: ignore[arg-type]
    assert refused.value.where == where
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", (1, 1)), ("12", (1, 12)), ("1..60", (1, 60)), (" 3 .. 12 ", (3, 12)), ("6..6", (6, 6))],
)
def test_instalments_are_read_as_a_range(text: str, expected: tuple[int, int]) -> None:
    assert book.parse_instalments(text) == expected


@pytest.mark.parametrize("text", ["0", "61", "12..3", "", "a", "1-60", "1..", "-1", "1.5", "999"])
def test_anything_else_is_no_range_of_instalments(text: str) -> None:
    with pytest.raises(UsageError):
        book.parse_instalments(text)


def test_months_end_with_the_month_of_the_last_day() -> None:
    assert book.BookPlan(loans=1, months=36).first_day == date(2023, 1, 1)
    assert book.BookPlan(loans=1, months=1, until=date(2024, 12, 31)).first_day == date(2024, 12, 1)


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept", "utf-8")
    with pytest.raises(UsageError) as refused:
        book.generate(book.BookPlan(loans=5, months=2), tmp_path)
    assert refused.value.where == str(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_no_folder_for_a_book(tmp_path: Path) -> None:
    (tmp_path / "book").write_text("", "utf-8")
    with pytest.raises(UsageError):
        book.generate(book.BookPlan(loans=5, months=2), tmp_path / "book")


@pytest.mark.parametrize("asked", [(1, 1), (3, 3), (2, 12)])
def test_no_loan_has_more_or_fewer_instalments_than_asked(
    tmp_path: Path, asked: tuple[int, int]
) -> None:
    book.generate(book.BookPlan(loans=120, months=6, instalments=asked), tmp_path)
    text = (tmp_path / "schedules.csv").read_text("utf-8")
    ids = [line.partition(",")[0] for line in text.splitlines()]
    counts = {ids.count(each) for each in set(ids[1:])}
    assert asked[0] == min(counts)
    assert max(counts) <= asked[1]


def test_entities_and_currencies_are_all_used(tmp_path: Path) -> None:
    plan = book.BookPlan(loans=400, months=4, entities=3, currencies=("EUR", "GBP"))
    book.generate(plan, tmp_path)
    text = (tmp_path / "loans.csv").read_text("utf-8")
    assert {"NLF", "NLG", "NLH"} == {line[:3] for line in text.splitlines()[1:]}
    assert ",EUR," in text
    assert ",GBP," in text
    assert "USD" not in text
