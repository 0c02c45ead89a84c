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
    """Take out what no two runs share: a run's own name, how long it took, when it was."""
    text = re.sub(r"run-\d{8}T\d+Z-[0-9a-f]{6}", "RUN", text)
    return re.sub(
        r"^(run_seconds|export_freshness_hours)( +\S+) +[\d.]+ ",
        r"\1\2 ... ",
        text,
        flags=re.MULTILINE,
    )


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
    "top_10_share_incl_writeoff": (5650, 5650),
    # 1500² twice, 700², 400², 500² twice, 250².
    "hhi_borrowers": (5_712_500, 5350 * 5350),
    "rdr_90": (2200, 6700),
    "rdr_90_6m": (700, 700),
    "early_delinquency_30": (0, 650),
    "roll_forward_1_30": (0, 900),
    "cure_rate": (900, 3100),
    "mdr": (300, 6050),
    "smm": (0, 750),
    "collection_due_only": (165, 2435),
    "yield_month": (110, 5350),
    "disbursed_volume_mom": (250 - 650, 650),
    "outstanding_mom": (5350 - 6050, 6050),
    "outstanding_qoq": (5350 - 5800, 5800),
    "active_borrowers_mom": (0, 7),
    "active_borrowers_qoq": (2, 5),
    "retention_3m": (5, 5),
    "repeat_share": (250, 250),
}
QUOTIENTS = {"loan_size_new": (250, 1), "outstanding_per_borrower": (5350, 7)}

AMOUNTS = {
    "outstanding": 5350,
    "balance_incl_writeoff": 5650,
    "active_loans": 10,
    "active_borrowers": 7,
    "disbursed_volume": 250,
    "loans_disbursed": 1,
    "written_off": 300,
    "borrowers_past_due": 5,
    "largest_borrower_outstanding": 1500,
    "written_off_month": 300,
    "write_off_returned": 0,
    "recovered_month": 0,
    "cash_collected": 760,
    "due_in_month": 2435,
    "interest_income": 110,
    "fee_income": 0,
    "borrowers_disbursed": 1,
    "new_borrowers": 0,
    "repeat_borrowers": 1,
    "reactivated_borrowers": 0,
    "new_volume": 0,
    "repeat_volume": 250,
    "reactivated_volume": 0,
    "active_products": 2,
    "active_segments": 1,
    "disbursed_12m": 6700,
}
# No loan is a year old, none was written off before June, none says its term or its place; the
# book began in December.
UNKNOWN = {
    "rdr_90_12m": "the whole is 0",
    "recovery_rate": "the whole is 0",
    "apr_new": "the whole is 0",
    "apr_12m": "the whole is 0",
    "term_days_12m": "the whole is 0",
    "disbursed_volume_qoq": "the whole is 0",
    "disbursed_volume_yoy": "the whole is 0",
    "outstanding_yoy": "the whole is 0",
    "active_borrowers_yoy": "the whole is 0",
    "retention_12m": "the whole is 0",
    "active_states": "nothing is known",
}
# The views' figures: no loan lies between day 31 and day 89, so what is past day 30 is stage 3.
OBSERVED = {
    "stage_1_share": (3450, 5350),
    "stage_2_share": (0, 5350),
    "stage_3_share": (1900, 5350),
}
FORMULAS = {"portfolio_health", "portfolio_yield", "cdr", "cdr_simple", "cpr"}


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


def test_formulas_are_what_the_hand_worked_out(readings: dict[str, Any]) -> None:
    """MDR 300 / 6,050 = 4.9587 %; 0.950413 to the 12th is 0.5432; 12 x 2.0561 is 24.67."""
    rounded = {name: round(Decimal(readings[name]["value"]), 2) for name in FORMULAS}
    assert rounded == {
        "portfolio_health": Decimal("53.35"),
        "portfolio_yield": Decimal("24.67"),
        "cdr": Decimal("45.68"),
        "cdr_simple": Decimal("59.50"),
        "cpr": Decimal(0),
    }


@pytest.mark.parametrize("kpi", QUOTIENTS)
def test_a_total_per_something_is_what_the_hand_worked_out(
    readings: dict[str, Any], kpi: str
) -> None:
    reading = readings[kpi]
    total, per = QUOTIENTS[kpi]
    assert (Decimal(reading["part"]), Decimal(reading["whole"])) == (total, per)
    assert abs(Decimal(reading["value"]) - Decimal(total) / per) < Decimal("1e-20")


@pytest.mark.parametrize("kpi", UNKNOWN)
def test_what_the_book_cannot_say_is_unavailable(readings: dict[str, Any], kpi: str) -> None:
    assert readings[kpi]["value"] is None
    assert readings[kpi]["reason"].startswith(UNKNOWN[kpi])
    assert readings[kpi]["check"] == "matched"


@pytest.mark.parametrize("kpi", OBSERVED)
def test_what_a_view_observes_is_what_the_hand_worked_out(
    readings: dict[str, Any], kpi: str
) -> None:
    reading = readings[kpi]
    assert (Decimal(reading["part"]), Decimal(reading["whole"])) == OBSERVED[kpi]
    assert reading["check"] == "not_run"


def test_every_kpi_of_the_book_was_worked_out(readings: dict[str, Any]) -> None:
    outside = {name for name, each in readings.items() if each["check"] != "matched"}
    by_hand = {*WORKED, *QUOTIENTS, *AMOUNTS, *UNKNOWN, *FORMULAS}
    assert set(readings) == by_hand | outside
    assert not by_hand & outside


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
