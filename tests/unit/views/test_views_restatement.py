"""What a restatement shows of two exports, from loans a person can count."""

from datetime import date
from decimal import Decimal

from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.testing import RULES
from fintech_factory.values import LimitState, Unit
from fintech_factory.views.makers import Facts
from fintech_factory.views.makers.restatement import MAKER, LoanState, Restated
from fintech_factory.views.table import ViewDate

ON = ViewDate(date(2025, 6, 30), date(2025, 6, 30), partial=False)


def loan(balance: int, dpd: int = 0) -> LoanState:
    return LoanState(Decimal(1000), Decimal(balance), dpd, is_written_off=dpd > 180)


def reading(kpi: str, value: int | None, state: LimitState | None = None) -> Reading:
    figure = None if value is None else Decimal(value)
    status = Status.UNAVAILABLE if value is None else Status.OK
    return Reading(
        kpi, 1, ON.as_of, ON.as_of, Unit.PERCENT, status=status, value=figure, limit_state=state
    )


RESTATED = Restated(
    then_batch="cascade-1",
    now_batch="cascade-2",
    then={"same": loan(500), "paid": loan(400, 91), "gone": loan(50), "late": loan(70, 5)},
    now={"same": loan(500), "paid": loan(100), "new": loan(30), "late": loan(70, 6)},
    then_readings=[
        reading("par_90", 9, LimitState.EXECUTIVE),
        reading("par_1", 7),
        reading("a", 1),
    ],
    now_readings=[reading("par_90", 0, LimitState.NONE), reading("par_1", 7), reading("a", None)],
)


def tables() -> dict[str, list[dict[str, object]]]:
    made, missing = MAKER.make(Facts(ON, {}, RULES, {"restated": RESTATED}))
    assert not missing
    return {table.name: [dict(row) for row in table.rows] for table in made}


def test_each_loan_that_differs_is_named_the_largest_change_first() -> None:
    loans = tables()["loans"]
    assert [(row["loan_id"], row["change"], row["balance_change"]) for row in loans] == [
        ("paid", "restated", -300),
        ("gone", "removed", -50),
        ("new", "added", 30),
        ("late", "restated", 0),
    ]
    assert (loans[3]["dpd_then"], loans[3]["dpd_now"]) == (5, 6)


def test_what_an_export_does_not_know_is_absent_and_not_0() -> None:
    gone, new = tables()["loans"][1:3]
    assert (gone["balance_then"], gone["balance_now"], gone["dpd_now"]) == (50, None, None)
    assert (new["balance_then"], new["balance_now"], new["dpd_then"]) == (None, 30, None)


def test_the_summary_counts_by_kind_and_ties_to_both_books() -> None:
    added, removed, restated, book = tables()["summary"]
    assert (added["loans"], added["moved"]) == (1, 30)
    assert (removed["loans"], removed["moved"]) == (1, 50)
    assert (restated["loans"], restated["moved"]) == (2, 300)
    assert (book["loans"], book["balance_then"], book["balance_now"]) == (5, 1020, 700)
    assert book["moved"] == 380


def test_only_kpis_that_moved_are_listed_and_a_lost_figure_is_no_change_of_0() -> None:
    par_90, lost = tables()["kpis"]
    assert (par_90["kpi"], par_90["change"]) == ("par_90", -9)
    assert (par_90["state_then"], par_90["state_now"]) == ("executive", "none")
    assert (lost["kpi"], lost["then"], lost["now"], lost["change"]) == ("a", 1, None, None)


def test_without_an_earlier_export_every_table_says_what_it_needs() -> None:
    made, missing = MAKER.make(Facts(ON, {}, RULES, {"restated": "needs an earlier export"}))
    assert not made
    assert [each.table for each in missing] == ["summary", "loans", "kpis"]
    assert {each.needs for each in missing} == {"needs an earlier export"}
