"""Views divide in one way, `analytics.ratio`, and none of dust."""

import ast
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory import views
from fintech_factory.analytics.curves import monthly_rate
from fintech_factory.analytics.expected_loss import matrix_of, realised
from fintech_factory.analytics.experience import Roll, measure
from fintech_factory.analytics.ratio import percent, percent_of_level
from fintech_factory.testing import Ledger, book

D = Decimal
DUST, A_UNIT = D("0.999999"), D(1)
FOLDER = Path(views.__file__).parent
# What a setting says in percent becomes a share, days become windows, and a folder has files.
NO_WHOLE = {"_HUNDRED", "_WINDOW_DAYS", "FOLDER"}


def divided(path: Path) -> list[str]:
    """Give where a module divides by anything but a hundred."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div | ast.FloorDiv)
        and not (isinstance(node.right, ast.Name) and node.right.id in NO_WHOLE)
        and not (isinstance(node.right, ast.Constant) and isinstance(node.right.value, str))
    ]


def test_a_maker_divides_by_nothing_but_the_one_way() -> None:
    assert [each for path in FOLDER.rglob("*.py") for each in divided(path)] == []


@pytest.mark.parametrize("whole", [DUST, -DUST, D("0.000001"), D(0), None])
def test_there_is_no_percentage_of_dust(whole: Decimal | None) -> None:
    assert percent(D("0.5"), whole) is None
    assert monthly_rate(D("0.5"), whole) is None


def test_one_unit_is_no_dust_nor_is_a_count() -> None:
    assert (percent(D("0.5"), A_UNIT), percent(1, 1), percent(D("0.5"), -A_UNIT)) == (50, 100, -50)
    assert monthly_rate(D("0.5"), A_UNIT) == D("0.5")


def test_a_trigger_below_one_has_a_percentage() -> None:
    assert (percent_of_level(D("0.1"), D("0.5")), percent_of_level(D(1), D(0))) == (20, None)


def test_what_dust_did_is_no_experience() -> None:
    rolls = [("late", "lost", DUST), ("current", "late", A_UNIT)]
    assert matrix_of(rolls) == {"current": {"late": 1}}
    assert matrix_of([("late", "lost", 1)]) == {"late": {"lost": 1}}
    moved = measure([Roll("late", "late", DUST, D(0)), Roll("due", "due", A_UNIT, D(0))])
    assert moved == {"due": {"paid": 1, "due": 0}}
    said = {"min_loans": 1, "floor": D(0), "without_history": D("0.45")}
    of_dust = realised([(1, DUST, D("0.2"))], **said)
    assert (of_dust.realised, of_dust.used, of_dust.basis) == (
        None, D("0.45"), "not enough history",
    )  # fmt: skip
    assert realised([(1, A_UNIT, D("0.2"))], **said).realised == D("0.8")


@pytest.mark.parametrize(
    ("lent", "why"), [("0.9", "less than one unit of money was lent"), ("9", None)]
)
def test_dust_has_no_yield(
    ledger_of: Callable[..., Ledger],
    show: Callable[..., Any],
    lent: str,
    why: str | None,
) -> None:
    of = (
        book().loan(D(lent), payments=[(date(2025, 1, 21), D(lent), D("0.1"))]).ending("2025-01-31")
    )
    at = show(ledger_of(of, "2025-01-31"), "characteristics", "2025-01-31")
    rows = [row for table in at.tables if "yields" in table.name for row in table.rows]
    assert {row["reason_with_outstanding"] for row in rows} == {why}
    assert {row["yield_with_outstanding"] is None for row in rows} == {why is not None}
