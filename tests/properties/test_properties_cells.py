"""Cells that a run makes, on random books: each is the sum of its loans, to the last figure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import settings as given_settings
from properties_book import BRUTE, DAYS, LOANS, a_book, a_ledger, day

from fintech_factory.testing import Book, Ledger

FEW = given_settings(BRUTE, max_examples=5)
ZERO = Decimal(0)

SAME = (
    (
        "provisions by part",
        (
            "SELECT as_of, entity, stage, bucket, SUM(balance), SUM(outstanding), "
            "SUM(written_off), COUNT(*) FROM loan_stage GROUP BY ALL"
        ),
        (
            "SELECT as_of, member, stage, bucket, balance, outstanding, written_off, loans "
            "FROM provisions_exposure WHERE dimension = 'entity'"
        ),
    ),
    (
        "provisions by months left",
        (
            "SELECT as_of, entity, product, stage, bucket, months_left, COUNT(*), "
            "SUM(outstanding), SUM(written_off) FROM loan_stage GROUP BY ALL"
        ),
        (
            "SELECT as_of, entity, product, stage, bucket, months_left, loans, outstanding, "
            "written_off FROM provisions_cell"
        ),
    ),
    (
        "movement of stages",
        (
            "SELECT as_of, opening_stage, stage, COUNT(*), SUM(opening_balance), SUM(balance) "
            "FROM loan_stage_roll GROUP BY ALL"
        ),
        (
            "SELECT as_of, opening_stage, stage, loans, opening_balance, balance "
            "FROM provisions_movement"
        ),
    ),
    (
        "what was due and paid",
        "SELECT as_of, size_bucket, SUM(due_to_date), SUM(paid_due) FROM loan_due GROUP BY ALL",
        (
            "SELECT as_of, member, due_by_now, paid_due FROM collection_rates "
            "WHERE dimension = 'size_bucket' AND due_by_now IS NOT NULL"
        ),
    ),
    (
        "prepayments",
        "SELECT as_of, product, SUM(prepayable), SUM(prepaid) FROM loan_curve GROUP BY ALL",
        "SELECT as_of, member, prepayable, prepaid FROM curve_part WHERE dimension = 'product'",
    ),
    (
        "open instalments by month",
        (
            "SELECT as_of, currency, due, due_month, COUNT(*), SUM(principal), SUM(charges) "
            "FROM open_instalment GROUP BY ALL"
        ),
        (
            "SELECT as_of, member, due, due_month, instalments, principal, charges "
            "FROM cash_flow_contractual WHERE dimension = 'currency'"
        ),
    ),
    (
        "open instalments by week",
        (
            "SELECT as_of, week, COUNT(*), SUM(principal), SUM(charges), SUM(total) "
            "FROM open_instalment WHERE week IS NOT NULL GROUP BY ALL"
        ),
        "SELECT as_of, week, instalments, principal, charges, total FROM cash_flow_weeks",
    ),
    (
        "open instalments by window",
        (
            "SELECT as_of, due, bucket, window_no, SUM(principal), SUM(charges) "
            "FROM open_instalment GROUP BY ALL"
        ),
        "SELECT as_of, due, bucket, window_no, principal, charges FROM cash_flow_ahead",
    ),
)
"""What it is, its loans summed, and what a view reads of the cells."""


def rows(ledger: Ledger, sql: str) -> list[str]:
    return sorted(map(str, ledger.build.query(sql)))


@FEW
@given(LOANS, DAYS)
def test_a_cell_is_the_sum_of_its_loans(loans: list[Any], numbers: list[int]) -> None:
    days = [day(number) for number in sorted({*numbers, 300})]
    with a_ledger(a_book(loans, ["USD", "MXN"]), days) as ledger:
        for what, of_loans, of_cells in SAME:
            assert rows(ledger, of_cells) == rows(ledger, of_loans), what
            assert rows(ledger, of_cells), what


@FEW
@given(LOANS, DAYS)
def test_what_was_paid_of_the_months_instalments_is_what_the_earlier_ones_leave(
    loans: list[Any], numbers: list[int]
) -> None:
    """Beside a brute force from the landed rows, of loans that are repaid already as well."""
    of = a_book(loans)
    with a_ledger(of, [day(number) for number in sorted({*numbers, 300})]) as ledger:
        found = {
            (row["as_of"], row["loan_key"]): (row["due_to_date"], row["paid_due"])
            for row in ledger.history("loan_due")
        }
        cuts = dict(ledger.build.query("SELECT as_of, cut_on FROM snapshot_date"))
    assert found == dict(paid_of_due(of, cuts))


def paid_of_due(
    of: Book, cuts: Mapping[date, date]
) -> Iterator[tuple[tuple[date, int], tuple[Decimal, Decimal]]]:
    for loan in of.rows("loans"):
        key = loan["line_no"]
        schedule = [row for row in of.rows("schedules") if row["loan_key"] == key]
        payments = [row for row in of.rows("transactions") if row["loan_key"] == key]
        for as_of, cut in cuts.items():
            month = as_of.replace(day=1)
            due = cash(row for row in schedule if month <= row["date_due"] <= cut)
            if due > 0 and loan["disburse_date"] <= cut:
                before = max(cash(row for row in schedule if row["date_due"] < month), ZERO)
                paid = cash(row for row in payments if row["date_paid"] <= cut)
                yield (as_of, key), (due, min(max(paid - before, ZERO), due))


def cash(given_rows: Iterator[Mapping[str, Any]]) -> Decimal:
    named: Sequence[str] = ("principal", "interest", "fees", "other", "to_tax")
    return sum((row.get(name) or ZERO for row in given_rows for name in named), ZERO)
