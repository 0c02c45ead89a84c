"""A book must look like a lender's: these shares are what the other tests live on."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

Row = dict[str, str]
Read = Callable[[Path, str], list[Row]]


@pytest.fixture(scope="module")
def months(large: Path, read: Read) -> dict[str, list[Row]]:
    """The month-ends of each loan, in order."""
    by_loan: dict[str, list[Row]] = defaultdict(list)
    for row in read(large, "loan_par_balances"):
        by_loan[row["loan_id_raw"]].append(row)
    return by_loan


def steps(months: dict[str, list[Row]]) -> list[tuple[int, int]]:
    """Days past due from one month-end to the next."""
    return [(int(a["dpd"]), int(b["dpd"])) for rows in months.values() for a, b in pairwise(rows)]


def test_some_written_off_loans_come_back(months: dict[str, list[Row]]) -> None:
    back = sum(a > 180 >= b for a, b in steps(months))
    stay = sum(a > 180 and b > 180 for a, b in steps(months))
    assert 5 < back < stay


def test_loans_roll_and_loans_cure(months: dict[str, list[Row]]) -> None:
    late = [b for a, b in steps(months) if 1 <= a <= 30]
    cured = sum(b == 0 for b in late) / len(late)
    rolled = sum(b > 30 for b in late) / len(late)
    assert 0.4 < cured < 0.95
    assert 0.04 < rolled < 0.5
    assert sum(90 < a <= 180 and b == 0 for a, b in steps(months)) > 10


def test_portfolio_at_risk_is_a_lenders(months: dict[str, list[Row]]) -> None:
    last = [row for rows in months.values() for row in rows if row["reporting_date"] > "2025-12"]
    whole = sum(float(row["outstanding_balance_usd"]) for row in last)
    at_risk = [
        sum(float(row[f"PAR_{n}_balance_usd"]) for row in last) / whole for n in (7, 30, 60, 90)
    ]
    assert at_risk == sorted(at_risk, reverse=True)
    assert 0.01 < at_risk[1] < 0.15
    assert 0.002 < at_risk[3] < 0.08


def test_payments_come_in_pieces_late_early_and_as_rebates(large: Path, read: Read) -> None:
    paid = [row for row in read(large, "transactions") if row["transaction_type"] == "PAYMENT"]
    due = {(row["loan_id"], row["date_due"]) for row in read(large, "schedules")}
    assert len(paid) > len({row["loan_id"] for row in paid}) * 3
    assert sum((row["loan_id"], row["date_paid"]) not in due for row in paid) > len(paid) // 4
    assert sum(row["interest"].startswith("-") for row in paid) > 50
    assert sum(row["interest"].startswith("-") and row["principal"] != "0.0" for row in paid) > 20
    assert sum(row["other"] != "0.0" for row in paid) > 200


def test_some_loans_were_restructured(large: Path, read: Read) -> None:
    last_due: dict[str, str] = defaultdict(str)
    for row in read(large, "schedules"):
        last_due[row["loan_id"]] = max(last_due[row["loan_id"]], row["date_due"])
    loans = read(large, "loans")
    moved = sum(last_due[row["loan_id"]] > row["maturity_date"] for row in loans)
    assert 0.005 < moved / len(loans) < 0.1
    assert all(last_due[row["loan_id"]] >= row["maturity_date"] for row in loans)


def test_a_cent_is_sometimes_left(large: Path, read: Read) -> None:
    left = [row for row in read(large, "loans") if row["outstanding_balance"] == "0.01"]
    assert left
    assert {row["loan_status"] for row in left} == {"Complete"}


def test_buckets_sometimes_contradict_the_loan(large: Path, read: Read) -> None:
    loans = read(large, "loans")
    wrong = sum(
        (row["amount_buckets"] == "0-0.5K") != (float(row["disburse_principal"]) <= 500)
        for row in loans
    )
    assert 0 < wrong < len(loans) * 0.02


def test_few_borrowers_hold_much_and_many_return(large: Path, read: Read) -> None:
    loans = read(large, "loans")
    held: Counter[str] = Counter()
    for row in loans:
        held[row["customer_id"]] += int(Decimal(row["outstanding_balance"]))
    top = sum(size for _, size in held.most_common(len(held) // 10))
    assert top / sum(held.values()) > 0.35
    count = Counter(row["customer_id"] for row in loans)
    assert sum(n > 1 for n in count.values()) > len(count) // 2
    assert {row["loan_counts"] for row in loans} == {"1", "2", "3", "4", "5-10", "11+"}


def test_the_book_grows(large: Path, read: Read) -> None:
    years = Counter(row["disburse_date"][:4] for row in read(large, "loans"))
    assert years["2023"] * 1.3 < years["2024"] < years["2025"]


def test_bullet_and_instalment_loans_are_mixed_as_the_reference_scale_has_them(
    large: Path, read: Read
) -> None:
    count = Counter(row["loan_id"] for row in read(large, "schedules"))
    assert 7 < sum(count.values()) / len(count) < 8
    assert max(count.values()) > 40
    assert 0.3 < sum(n == 1 for n in count.values()) / len(count) < 0.5
    paid = len(read(large, "transactions")) - len(count)
    assert 6.5 < paid / len(count) < 8.5


def test_loans_have_several_entities_products_frequencies_and_odd_places(
    large: Path, read: Read
) -> None:
    loans = read(large, "loans")
    for column, least in (("company", 2), ("product_type", 5), ("frequency", 4)):
        assert len({row[column] for row in loans}) >= least, column
    places = {row["location_state_province"] for row in loans}
    assert {"", "Not Provided", "zacapa", "Petén"} < places


def test_a_monthly_loan_of_the_31st_is_due_on_the_last_day_of_a_short_month(
    large: Path, read: Read
) -> None:
    made = {
        row["loan_id"]
        for row in read(large, "loans")
        if row["frequency"] == "Monthly" and row["disburse_date"].endswith("-31")
    }
    due = [
        date.fromisoformat(row["date_due"])
        for row in read(large, "schedules")
        if row["loan_id"] in made
    ]
    assert {day.day for day in due if day.month == 4} >= {30}
