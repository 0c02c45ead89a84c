"""The reference tape lands whole; the synthetic book's planted faults are all found."""

import json
import os
from datetime import date
from pathlib import Path

import pytest
from ingestion_book import ARRIVED_ON, place_in, rows, set_aside

from fintech_factory.book import BookPlan, generate
from fintech_factory.clock import FixedClock
from fintech_factory.ingestion import Arrival, Landing, Place, land

TAPE = Path(os.environ.get("FACTORY_REFERENCE_TAPE", Path(__file__).parents[4] / "shared" / "tape"))


@pytest.mark.tape
@pytest.mark.skipif(not TAPE.is_dir(), reason=f"no reference tape at {TAPE}")
def test_the_reference_tape_lands_whole(tmp_path: Path) -> None:
    landing = land(Arrival((TAPE,)), place_in(tmp_path), FixedClock(date(2025, 12, 11)))
    assert landing.status == "landed"
    assert landing.data_through == landing.as_of == date(2025, 12, 10)
    counts = {each.table: (each.rows, each.landed) for each in landing.files}
    assert counts == {
        "loans": (17688, 17688),
        "schedules": (17688, 17688),
        "transactions": (36789, 36789),
        "customers": (332, 332),
        "loan_par_balances": (17333, 17333),
        "collaterals": (0, 0),
    }
    assert rows(landing.folder / "quarantine.parquet") == []


@pytest.fixture(scope="module")
def hazards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Landing]:
    folder = tmp_path_factory.mktemp("hazards")
    book = folder / "book"
    plan = BookPlan(loans=4_000, months=18, seed=5, hazards=True, until=date(2025, 6, 12))
    generate(plan, book)
    return book, land(Arrival((book,)), place_in(folder), FixedClock(ARRIVED_ON))


def planted(book: Path) -> list[dict[str, str | int | None]]:
    held = json.loads((book / "hazards.json").read_text())
    listed: list[dict[str, str | int | None]] = held if isinstance(held, list) else held["planted"]
    return listed


def test_the_rows_set_aside_are_exactly_the_planted_ones(hazards: tuple[Path, Landing]) -> None:
    book, landing = hazards
    expected: dict[tuple[object, object], set[object]] = {}
    for each in planted(book):
        if each["expected"] == "quarantined":
            expected.setdefault((each["table"], each["line"]), set()).add(each["code"])
    found = {place: set(reasons.split(",")) for place, reasons in set_aside(landing).items()}
    assert found == expected


def test_every_planted_oddity_is_a_finding(hazards: tuple[Path, Landing]) -> None:
    book, landing = hazards
    kept = {each["code"] for each in planted(book) if each["expected"] == "kept"} - {None}
    assert kept <= {each.code for each in landing.findings}


def variants(book: Path) -> list[dict[str, str | int | None]]:
    return [each for each in planted(book) if str(each["file"]).startswith("variants/")]


def test_every_unusual_export_ends_as_it_should(
    hazards: tuple[Path, Landing], tmp_path: Path
) -> None:
    book, _ = hazards
    after = {"half_the_rows", "yesterday_again", "restated_history"}
    for each in variants(book):
        if each["expected"] == "left out":
            continue
        name = str(each["file"]).removeprefix("variants/")
        place = place_in(tmp_path / name)
        if name in after:
            arrive(book / "variants" / "clean", place)
        landing = arrive(book / "variants" / name, place)
        found = {finding.code for finding in landing.findings}
        assert (name, landing.status) == (name, each["expected"])
        assert each["code"] is None or each["code"] in found, (name, found)


def arrive(source: Path, place: Place) -> Landing:
    return land(Arrival((source,)), place, FixedClock(ARRIVED_ON))
