"""The worked book's figures as a person reads them, compared with committed text.

`FACTORY_UPDATE_GOLDEN=1 pytest tests/golden` writes the text anew; read its diff.
"""

import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "worked_book"
Factory = Callable[..., str]
PAGES = {
    "kpis": ["kpi", "show"],
    "reconciliation": ["reconcile"],
    "par_90": ["kpi", "explain", "par_90"],
    "portfolio_health": ["kpi", "explain", "portfolio_health"],
    "largest_borrower_share": ["kpi", "explain", "largest_borrower_share"],
}


def unnamed(text: str) -> str:
    """Take out what no two runs share: a run's own name."""
    return re.sub(r"run-\d{8}T\d+Z-[0-9a-f]{6}", "RUN", text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_as_it_did(factory: Factory, worked: Path, page: str) -> None:
    said = unnamed(factory(worked, *PAGES[page]))
    path = HERE / f"{page}.txt"
    if os.environ.get("FACTORY_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


# Worked by hand in the book's docstring: part, whole.
WORKED = {
    "par_1": (3400, 5350),
    "par_7": (2900, 5350),
    "par_30": (2400, 5350),
    "par_60": (1900, 5350),
    "par_90": (1100, 5350),
    "par_90_source_rule": (1900, 5350),
    "par_90_incl_writeoff": (1400, 5650),
    "par_180": (300, 5650),
    "collection_rate": (760, 5350),
    "collection_efficiency": (760, 2435),
    "collection_efficiency_mtd": (760, 2435),
    "top_10_share": (5350, 5350),
    "largest_borrower_share": (1500, 5350),
}
AMOUNTS = {
    "outstanding": 5350,
    "balance_incl_writeoff": 5650,
    "active_loans": 10,
    "active_borrowers": 7,
    "disbursed_volume": 250,
    "loans_disbursed": 1,
    "written_off": 300,
}


@pytest.fixture(scope="module")
def readings(document: Callable[..., Any], worked: Path) -> dict[str, Any]:
    return {each["kpi"]: each for each in document(worked, "kpi", "show")["readings"]}


@pytest.mark.parametrize("kpi", WORKED)
def test_a_ratio_is_what_the_hand_worked_out(readings: dict[str, Any], kpi: str) -> None:
    reading = readings[kpi]
    part, whole = WORKED[kpi]
    assert (Decimal(reading["part"]), Decimal(reading["whole"])) == (part, whole)
    assert abs(Decimal(reading["value"]) - Decimal(part) / whole * 100) < Decimal("1e-20")
    assert reading["check"] == "matched"


@pytest.mark.parametrize("kpi", AMOUNTS)
def test_an_amount_is_what_the_hand_worked_out(readings: dict[str, Any], kpi: str) -> None:
    assert Decimal(readings[kpi]["value"]) == AMOUNTS[kpi]


def test_health_is_what_the_hand_worked_out(readings: dict[str, Any]) -> None:
    health = Decimal(readings["portfolio_health"]["value"])
    assert round(health, 2) == Decimal("53.35")
    assert set(readings) == {*WORKED, *AMOUNTS, "portfolio_health"}


def test_the_source_disagrees_where_the_hand_made_it(
    document: Callable[..., Any], worked: Path
) -> None:
    reconciled = document(worked, "reconcile")
    open_rows = {(row["loan_id"], row["cause"]) for row in reconciled["open_rows"]}
    assert open_rows == {
        ("L2", "missing in source"),
        ("L99", "missing in ours"),
        ("L7", "boundary"),
        ("L9", "unexplained"),
    }
    balance = next(each for each in reconciled["checks"] if each["name"] == "balance")
    assert (balance["exact"], balance["close"], balance["open"]) == (9, 2, 2)


def test_the_committed_text_holds_no_place_of_any_machine() -> None:
    for path in HERE.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(home|tmp|work|root)/", text), path.name
    assert json.dumps(sorted(path.stem for path in HERE.glob("*.txt"))) == json.dumps(sorted(PAGES))
