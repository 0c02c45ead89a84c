"""The shipped balances against the slowest possible reading of the rule."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fintech_factory import book

CASH = ("principal", "interest", "other", "fees", "to_tax")
TOLERANCE = Decimal("0.005")


@dataclass
class Loan:
    """One loan as its rows tell it: (day, principal, cash) of instalments and payments."""

    principal: Decimal
    made_on: date
    due: list[tuple[date, Decimal, Decimal]] = field(default_factory=list)
    paid: list[tuple[date, Decimal, Decimal]] = field(default_factory=list)

    def owed(self, on: date) -> tuple[Decimal, int, str]:
        """Balance, days past due and the oldest uncovered due date, instalment by instalment."""
        principal = sum((p for day, p, _ in self.paid if day <= on), Decimal())
        cash = sum((c for day, _, c in self.paid if day <= on), Decimal())
        due_principal = due_cash = Decimal()
        for day, p, c in sorted(self.due):
            due_principal, due_cash = due_principal + p, due_cash + c
            if principal + TOLERANCE >= due_principal or cash + TOLERANCE >= due_cash:
                continue
            late = (on - day).days
            return self.principal - principal, max(late, 0), day.isoformat() if late > 0 else ""
        return self.principal - principal, 0, ""

    def was_paid_in(self, month_end: date) -> bool:
        return any((d.year, d.month) == (month_end.year, month_end.month) for d, _, _ in self.paid)


def rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_loans(folder: Path) -> dict[str, Loan]:
    loans = {
        row["loan_id"]: Loan(
            Decimal(row["disburse_principal"]), date.fromisoformat(row["disburse_date"])
        )
        for row in rows(folder, "loans")
    }
    for table, day, kind in (("schedules", "date_due", None), ("transactions", "date_paid", 1)):
        for row in rows(folder, table):
            if kind and row["transaction_type"] != "PAYMENT":
                continue
            loan = loans[row["loan_id"]]
            entry = (
                date.fromisoformat(row[day]),
                Decimal(row["principal"]),
                sum((Decimal(row[name]) for name in CASH), Decimal()),
            )
            (loan.paid if kind else loan.due).append(entry)
    return loans


def month_end(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)


def month_ends(first: date, last: date) -> Iterator[date]:
    day = month_end(first)
    while day <= month_end(last):
        yield day
        day = month_end(day + timedelta(days=1))


def expected_rows(folder: Path, until: date) -> dict[tuple[str, str], tuple[Decimal, int, str]]:
    expected = {}
    for loan_id, loan in read_loans(folder).items():
        for day in month_ends(loan.made_on, until):
            owed = loan.owed(min(day, until))
            if owed[0] > 0 or loan.was_paid_in(day):
                expected[loan_id, day.isoformat()] = owed
    return expected


def shipped_rows(folder: Path) -> dict[tuple[str, str], tuple[Decimal, int, str]]:
    shipped = {}
    for row in rows(folder, "loan_par_balances"):
        balance = Decimal(row["outstanding_balance"]) + Decimal(row["writeoff_outstanding_balance"])
        key = row["loan_id_raw"], row["reporting_date"]
        assert key not in shipped
        shipped[key] = (balance, int(row["dpd"]), row["dpd_date"])
    return shipped


PLANS = {
    "several currencies": {"loans": 250, "months": 14, "currencies": ("GTQ", "USD")},
    "bullet loans": {"loans": 250, "months": 12, "instalments": (1, 1)},
    "long loans": {"loans": 80, "months": 30, "instalments": (24, 60), "until": date(2024, 2, 29)},
    "a month that is whole": {"loans": 150, "months": 7, "until": date(2025, 3, 31)},
}


@pytest.mark.parametrize("name", PLANS)
def test_every_loan_month_equals_the_plain_reading_of_the_rule(tmp_path: Path, name: str) -> None:
    plan = book.BookPlan(seed=len(name), **PLANS[name])
    book.generate(plan, tmp_path)
    assert shipped_rows(tmp_path) == expected_rows(tmp_path, plan.until)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**63 - 1),
    loans=st.integers(1, 40),
    months=st.integers(1, 16),
    low=st.integers(1, 60),
    high=st.integers(1, 60),
    until=st.dates(date(2000, 1, 1), date(2100, 12, 31)),
)
def test_any_small_book_equals_the_plain_reading_of_the_rule(
    tmp_path_factory: pytest.TempPathFactory, **drawn: int | date
) -> None:
    folder = tmp_path_factory.mktemp("any")
    low, high = drawn.pop("low"), drawn.pop("high")
    plan = book.BookPlan(instalments=(min(low, high), max(low, high)), **drawn)
    book.generate(plan, folder)
    assert shipped_rows(folder) == expected_rows(folder, plan.until)


def test_a_written_off_balance_moves_and_the_par_columns_follow(mixed: Path) -> None:
    written_off = 0
    for row in rows(mixed, "loan_par_balances"):
        rate, dpd = Decimal(row["xchg_rate_to_usd"]), int(row["dpd"])
        gone = dpd > 180
        written_off += gone
        own, off = Decimal(row["outstanding_balance"]), Decimal(row["writeoff_outstanding_balance"])
        assert row["is_writeoff"] == ("true" if gone else "false")
        assert row["writeoff_type"] == ("DPD" if gone else "")
        assert own == 0 if gone else off == 0
        assert Decimal(row["outstanding_balance_usd"]) == own * rate
        assert Decimal(row["writeoff_outstanding_balance_usd"]) == off * rate
        for n in (7, 30, 60, 90):
            at_risk = own * rate if dpd >= n else 0
            assert Decimal(row[f"PAR_{n}_balance_usd"]) == at_risk
    assert written_off > 0


def test_a_loan_on_day_n_counts_in_the_source_s_par_n(large: Path) -> None:
    days = (7, 30, 60, 90)
    at_risk = {n: Decimal() for n in days}
    for row in rows(large, "loan_par_balances"):
        if (n := int(row["dpd"])) in days:
            assert row[f"PAR_{n}_balance_usd"] == row["outstanding_balance_usd"]
            at_risk[n] += Decimal(row["outstanding_balance_usd"])
        elif n + 1 in days:
            assert row[f"PAR_{n + 1}_balance_usd"] == "0.0"
    assert all(at_risk.values())


def test_dollars_have_the_rate_one_and_others_one_rate_a_month(mixed: Path) -> None:
    rates = defaultdict(set)
    for row in rows(mixed, "loan_par_balances"):
        rates[row["loan_ccy"], row["reporting_date"]].add(row["xchg_rate_to_usd"])
    assert {currency for currency, _ in rates} == {"USD", "EUR", "GTQ"}
    assert all(len(each) == 1 for each in rates.values())
    assert {rate for (code, _), each in rates.items() if code == "USD" for rate in each} == {"1"}
    assert len({rate for (code, _), each in rates.items() if code == "EUR" for rate in each}) > 10
