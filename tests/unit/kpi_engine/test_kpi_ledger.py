"""The second engine's ledger: every rule, from rows as they were landed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine import (
    Definitions,
    Landed,
    Scope,
    recompute,
)
from fintech_factory.kpi_engine.ledger import loan_records
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.testing import RULES
from fintech_factory.values import LedgerRules

FIRST = date(2025, 1, 1)
THROUGH = date(2026, 6, 30)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def loan(key: int = 1, **fields: object) -> tuple[Any, ...]:
    row = {
        "line_no": key,
        "loan_id": f"L{key}",
        "customer_id": "A",
        "company": "North",
        "product_type": "factoring",
        "currency": "USD",
        "disburse_date": FIRST,
        "disburse_principal": Decimal(100),
        "maturity_date": None,
        "term": None,
        "total_interest": None,
        "total_fees": None,
        "location_state_province": None,
    }
    return tuple({**row, **fields}.values())


def due(
    on: date, principal: Decimal | int | str, interest: Decimal | int | str = 0, key: int = 1
) -> tuple[Any, ...]:
    zero = Decimal(0)
    return (key, on, Decimal(principal), Decimal(interest), zero, zero, zero)


def paid(
    on: date,
    principal: Decimal | int | str,
    interest: Decimal | int | str = 0,
    key: int = 1,
    kind: str = "PAYMENT",
) -> tuple[Any, ...]:
    zero = Decimal(0)
    return (key, kind, on, Decimal(principal), Decimal(interest), zero, zero, zero)


def landed(
    loans: Iterable[Any],
    schedules: Iterable[Any] = (),
    transactions: Iterable[Any] = (),
    **more: object,
) -> Landed:
    return Landed(
        iter(loans), iter(schedules), iter(transactions), more.pop("segments", {}), **more
    )


def records(
    rows: Landed, *as_ofs: date, through: date = THROUGH, rules: LedgerRules = RULES
) -> list[dict[str, Any]]:
    scope = Scope(as_ofs, through, FIRST)
    found = loan_records(rows, scope, rules)
    return [dict(zip(LOAN_SNAPSHOT.columns, record, strict=True)) for _, record in found]


def one(rows: Landed, as_of: date, **more: object) -> dict[str, Any]:
    (record,) = records(rows, as_of, **more)
    return record


@pytest.mark.parametrize("days", [0, 1, 89, 90, 91, 180])
def test_days_past_due_count_from_the_due_date(days: int) -> None:
    record = one(landed([loan()], [due(day(10), 100)]), day(10 + days))
    assert record["dpd"] == days
    assert record["dpd_on"] == (day(10) if days else None)
    assert not record["is_written_off"]
    assert (record["outstanding"], record["written_off"]) == (100, 0)


def test_day_181_is_written_off_with_its_whole_balance() -> None:
    record = one(landed([loan()], [due(day(10), 100)]), day(191))
    assert (record["dpd"], record["is_written_off"]) == (181, True)
    assert (record["balance"], record["outstanding"], record["written_off"]) == (100, 0, 100)


def test_a_written_off_loan_that_pays_comes_back() -> None:
    rows = landed(
        [loan()],
        [due(day(10), 50), due(day(150), 50)],
        [paid(day(195), 50)],
    )
    before, after = records(rows, day(194), day(195))
    assert (before["is_written_off"], after["is_written_off"]) == (True, False)
    assert (after["dpd"], after["outstanding"]) == (45, 50)


@pytest.mark.parametrize(
    ("dpd", "bucket"),
    [(0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (180, "91-180"), (181, "181+")],
)
def test_a_loan_ages_through_the_buckets(dpd: int, bucket: str) -> None:
    assert one(landed([loan()], [due(day(10), 100)]), day(10 + dpd))["bucket"] == bucket


def test_an_instalment_is_covered_by_principal_alone() -> None:
    rows = landed([loan()], [due(day(10), 40, 9), due(day(40), 60, 9)], [paid(day(5), 40)])
    assert one(rows, day(30))["dpd"] == 0


def test_an_instalment_is_covered_by_total_cash_alone() -> None:
    rows = landed([loan()], [due(day(10), 40, 10), due(day(40), 60)], [paid(day(5), 30, 20)])
    assert one(rows, day(30))["dpd"] == 0


@pytest.mark.parametrize(("short", "dpd"), [("0.005", 0), ("0.006", 20)])
def test_dust_up_to_the_tolerance_is_covered(short: str, dpd: int) -> None:
    rows = landed([loan()], [due(day(10), 100)], [paid(day(5), Decimal(100) - Decimal(short))])
    assert one(rows, day(30))["dpd"] == dpd


@pytest.mark.parametrize(
    ("principal", "interest", "dpd"),
    [("39.995", 0, 0), ("39.994", 0, 20), (30, "19.995", 0), (30, "19.994", 20)],
)
def test_the_tolerance_holds_for_principal_and_for_total_cash(
    principal: str, interest: str, dpd: int
) -> None:
    rows = landed([loan()], [due(day(10), 40, 10)], [paid(day(5), principal, interest)])
    assert one(rows, day(30))["dpd"] == dpd


def test_payments_cover_the_oldest_instalment_first() -> None:
    schedule = [due(day(10), 30), due(day(20), 30), due(day(30), 40)]
    rows = landed([loan()], schedule, [paid(day(25), 35)])
    assert one(rows, day(40))["dpd_on"] == day(20)


def test_rows_of_a_loan_may_come_in_any_order() -> None:
    schedule = [due(day(30), 40), due(day(10), 30), due(day(20), 30)]
    payments = [paid(day(26), 5), paid(day(12), 10), paid(day(11), 20)]
    assert one(landed([loan()], schedule, payments), day(40))["dpd_on"] == day(20)


def test_a_repaid_loan_is_not_past_due_whatever_its_schedule_says() -> None:
    rows = landed([loan()], [due(day(10), 150)], [paid(day(25), 100)])
    assert one(rows, day(26))["dpd"] == 0


def test_only_payments_are_cash() -> None:
    rows = landed([loan()], [], [paid(day(0), 100, kind="DISBURSEMENT"), paid(day(3), 10)])
    record = one(rows, day(4))
    assert (record["balance"], record["cash_30d"]) == (90, 10)


def test_the_collection_window_leaves_out_its_first_day() -> None:
    payments = [paid(day(10), 1), paid(day(11), 2), paid(day(40), 4), paid(day(41), 8)]
    assert one(landed([loan()], [], payments), day(40))["cash_30d"] == 6


def test_cash_counts_interest_fees_other_and_tax_and_absent_cells_as_nothing() -> None:
    cells = [Decimal(value) for value in (1, 2, 4, 8, 16)]
    transactions = [
        (1, "PAYMENT", day(3), *cells),
        (1, "PAYMENT", day(4), Decimal(32), *[None] * 4),
    ]
    record = one(landed([loan()], [], transactions), day(5))
    assert (record["cash_month"], record["balance"]) == (63, 67)


def test_a_repaid_loan_stays_until_its_last_payment_leaves_the_window() -> None:
    last_inside, out = date(2025, 3, 1), date(2025, 3, 2)
    rows = landed([loan()], [], [paid(date(2025, 1, 31), 100)])
    (record,) = records(rows, last_inside, out)
    assert (record["as_of"], record["cash_30d"]) == (last_inside, 100)


def test_a_loan_of_the_first_of_the_month_is_disbursed_in_it() -> None:
    record = one(landed([loan(disburse_date=date(2025, 2, 1))]), date(2025, 2, 28))
    assert (record["disbursed_month"], record["loans_disbursed_month"]) == (100, 1)


def test_month_flows_count_from_the_first_to_the_as_of_date() -> None:
    schedule = [due(date(2025, month, of), 10) for month, of in ((1, 31), (2, 1), (2, 14), (2, 28))]
    payments = [paid(date(2025, month, of), 1) for month, of in ((1, 31), (2, 1), (2, 14), (2, 15))]
    record = one(landed([loan()], schedule, payments), date(2025, 2, 14))
    assert record["cash_month"] == 2
    assert record["due_month"] == 30
    assert record["due_to_date"] == 20


def test_disbursed_this_month_counts_this_month_only() -> None:
    rows = [landed([loan(disburse_date=date(2025, 2, 10))]) for _ in range(3)]
    february, march = records(rows[0], date(2025, 2, 10), date(2025, 3, 31))
    assert (february["disbursed_month"], february["loans_disbursed_month"]) == (100, 1)
    assert (march["disbursed_month"], march["loans_disbursed_month"]) == (0, 0)
    assert records(rows[1], date(2025, 2, 9)) == []


def test_a_label_after_the_data_is_counted_to_the_data_and_its_window_by_label() -> None:
    rows = landed([loan()], [due(date(2025, 12, 5), 100)], [paid(date(2025, 12, 1), 4)])
    record = one(rows, date(2025, 12, 31), through=date(2025, 12, 10))
    assert record["dpd"] == 5
    assert record["cash_30d"] == 0
    assert record["cash_month"] == 4
    assert record["due_to_date"] == 100


def test_a_loan_is_in_the_book_while_it_has_a_balance_or_moves() -> None:
    rows = landed([loan()], [due(date(2025, 2, 20), 100)], [paid(date(2025, 1, 20), 100)])
    dates = [date(2025, 1, 20), date(2025, 2, 19), date(2025, 2, 28), date(2025, 3, 1)]
    assert [record["as_of"] for record in records(rows, *dates)] == dates[:3]


def test_a_rebate_makes_less_cash() -> None:
    rows = landed([loan()], [], [paid(day(3), 100, -5)])
    assert one(rows, day(4))["cash_30d"] == 95


def test_amounts_are_converted_at_the_rate_of_the_date_half_away_from_zero() -> None:
    rates = [
        ("EUR", day(20), Decimal("1.00000050")),
        ("EUR", day(10), Decimal("1.00000150")),
        ("GTQ", day(1), Decimal(9)),
    ]
    row = loan(currency="EUR", disburse_principal=Decimal(1))
    found = records(landed([row], rates=rates), day(5), day(10), day(19), day(20), day(90))
    assert [str(record["balance"]) for record in found] == [
        "1.000002",
        "1.000002",
        "1.000002",
        "1.000001",
        "1.000001",
    ]


def test_a_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(WarehouseError, match="no rate for EUR"):
        records(landed([loan(currency="EUR")]), day(5))


@pytest.mark.parametrize(
    "rows",
    [
        landed([loan(1, customer_id="B"), loan(2, customer_id="A")]),
        landed([loan(1, customer_id=None), loan(2, customer_id="A"), loan(3, customer_id=None)]),
        landed([loan(1), loan(2)], [due(day(1), 5, key=2), due(day(1), 5, key=1)]),
        landed([loan(1)], [], [paid(day(1), 5, key=7)]),
        landed([loan(1), loan(2)], [], [paid(day(1), 5, key=k) for k in (1, 2, 1)]),
    ],
)
def test_rows_out_of_order_are_refused_rather_than_lost(rows: Landed) -> None:
    with pytest.raises(WarehouseError, match="second engine"):
        records(rows, day(5))


@pytest.mark.parametrize("borrowers", [(None, None, "A"), ("A", None, None), ("A", "A", "B")])
def test_loans_without_a_borrower_may_come_first_or_last(borrowers: tuple[str | None, ...]) -> None:
    loans = [loan(key, customer_id=borrower) for key, borrower in enumerate(borrowers, start=1)]
    assert len(records(landed(loans), day(5))) == 3


def test_the_streams_are_read_as_the_loans_go_by(shipped: Definitions) -> None:
    taken: list[int] = []

    def loans() -> Iterable[Any]:
        for key in range(1, 50):
            taken.append(key)
            yield loan(key, customer_id=f"B{key:03}")

    def transactions() -> Iterable[Any]:
        for key in range(1, 50):
            assert key <= len(taken) + 1
            yield paid(day(1), 5, key=key)

    readings = recompute(
        shipped, Scope((day(5),), THROUGH, FIRST), landed(loans(), [], transactions()), RULES
    )
    assert next(each.value for each in readings if each.kpi == "outstanding") == 49 * 95


def test_the_write_off_policy_is_not_built_in(shipped: Definitions) -> None:
    rules = replace(RULES, write_off_after_dpd=30)
    rows = landed([loan()], [due(day(10), 100)])
    readings = recompute(shipped, Scope((day(41),), THROUGH, FIRST), rows, rules)
    assert next(each.value for each in readings if each.kpi == "written_off") == 100
