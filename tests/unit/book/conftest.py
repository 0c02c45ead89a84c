import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from fintech_factory import book
from fintech_factory.book import make

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A multi-instalment book of 600 loans over 20 months in three currencies."""
    folder = tmp_path_factory.mktemp("mixed")
    plan = book.BookPlan(
        loans=600, months=20, seed=3, currencies=("USD", "EUR", "GTQ"), until=date(2024, 6, 12)
    )
    book.generate(plan, folder)
    return folder


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of 6,000 loans over three years: enough for shares to mean something."""
    folder = tmp_path_factory.mktemp("large")
    book.generate(book.BookPlan(loans=6_000, months=36, seed=11), folder)
    return folder


@pytest.fixture(scope="session")
def hazardous(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A book with every hazard, and the same book without."""
    folders = tmp_path_factory.mktemp("faulty"), tmp_path_factory.mktemp("clean")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "VARIANT_LOANS", 60)
        for folder, hazards in zip(folders, (True, False), strict=True):
            plan = book.BookPlan(loans=1_500, months=18, seed=5, hazards=hazards)
            book.generate(plan, folder)
    return folders


@pytest.fixture(scope="session")
def read() -> Callable[[Path, str], Rows]:
    """Reads a table of a book as text."""

    def rows(folder: Path, table: str) -> Rows:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return rows
