"""What holds of every cohort and curve, on random books."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fintech_factory.pipeline.view_facts import Asked, show_view, snapshot_dates
from fintech_factory.testing import RULES, Book, Ledger, book, default_models, make_ledger
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.table import Table

FIRST = date(2024, 11, 5)
ENDS = date(2025, 11, 20)
CATALOGUE = Catalogue.of(default_models())
INSTALMENT = st.tuples(st.integers(1, 120), st.sampled_from([50, 100, 150]))
PAYMENT = st.tuples(st.integers(0, 360), st.sampled_from([20, 50, 100, 300]), st.integers(0, 9))
LOAN = st.fixed_dictionaries(
    {
        "opened": st.integers(0, 200),
        "instalments": st.lists(INSTALMENT, min_size=1, max_size=4),
        "payments": st.lists(PAYMENT, max_size=4),
        "entity": st.sampled_from(["North", "South"]),
        "product": st.sampled_from(["factoring", "credit line"]),
    }
)
LOANS = st.lists(LOAN, min_size=6, max_size=14)
# Month-ends, a day within a month, the day the data end, and its label.
DAYS = [date(2025, 3, 31), date(2025, 6, 17), date(2025, 8, 31), ENDS, date(2025, 11, 30)]
# A ledger costs the same for one loan as for ten: few examples, each of many loans.
FEW = settings(
    max_examples=3, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
ONE = settings(FEW, max_examples=1)


def a_book(loans: list[dict[str, Any]]) -> Book:
    made = book().ending(ENDS)
    for loan in loans:
        opened = FIRST + timedelta(days=loan["opened"])
        principal = left = sum(part for _, part in loan["instalments"])
        payments = []
        for after, part, charge in sorted(loan["payments"]):
            affordable = min(part, left)
            on = opened + timedelta(days=after)
            if on <= ENDS:
                left -= affordable
                payments.append((on, affordable, charge))
        made = made.loan(
            principal,
            disbursed=opened,
            instalments=[
                (opened + timedelta(days=days), part) for days, part in loan["instalments"]
            ],
            payments=payments,
            entity=loan["entity"],
            product=loan["product"],
        )
    return made


@contextmanager
def a_ledger(of: Book, days: list[date]) -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as folder, make_ledger(of, days, Path(folder)) as ledger:
        yield ledger


def views(ledger: Ledger, view: str, days: list[date]) -> list[dict[str, Table]]:
    dates = snapshot_dates(ledger.build)
    asked = Asked(tuple(dates[each] for each in days), ENDS, RULES, {})
    shown = show_view(ledger.build, CATALOGUE.get(view), asked)
    return [{table.name: table for table in each.tables} for each in shown]


@FEW
@given(LOANS)
def test_cohorts_part_the_book_and_what_was_lent_is_repaid_or_owed(
    loans: list[dict[str, Any]],
) -> None:
    with a_ledger(a_book(loans), DAYS) as ledger:
        for tables, day in zip(views(ledger, "cohort", DAYS), DAYS, strict=True):
            lifetime = ledger.rows("loan_lifetime", as_of=day)
            sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
            for row in tables["now"].rows:
                for name in ("disbursed", "balance", "outstanding", "loans"):
                    sums[row["dimension"]][name] += row[name]
            for whole in sums.values():
                assert whole["disbursed"] == sum(row["principal"] for row in lifetime)
                assert whole["balance"] == sum(row["balance"] for row in lifetime)
                assert whole["outstanding"] == sum(row["outstanding"] for row in lifetime)
                assert whole["loans"] == len(lifetime)
            for name in ("months", "quarters", "average", "now"):
                for row in tables[name].rows:
                    assert row["repaid"] + row["balance"] == row["disbursed"]
                    assert abs(row["repaid_share"] + row["balance_share"] - 100) <= Decimal("1e-8")


@FEW
@given(LOANS)
def test_ever_curves_never_fall_and_hold_each_other(loans: list[dict[str, Any]]) -> None:
    with a_ledger(a_book(loans), DAYS) as ledger:
        for tables in views(ledger, "cohort", DAYS):
            curves: dict[date, list[Any]] = defaultdict(list)
            for row in tables["months"].rows:
                curves[row["cohort_month"]].append(row)
                assert 0 <= row["ever_written_off"] <= row["ever_90"] <= row["ever_30"]
                assert row["ever_30"] <= row["disbursed"]
                assert row["written_off"] <= row["late_90"] <= row["late_30"] <= row["balance"]
                assert row["late_30"] <= row["ever_30"]
                assert row["late_90"] <= row["ever_90"]
            for points in curves.values():
                full = [point for point in points if point["mature"]]
                assert [point["months_on_book"] for point in points] == list(range(len(points)))
                for before, after in pairwise(full):
                    for name in ("ever_30", "ever_90", "ever_written_off", "repaid"):
                        assert before[name] <= after[name]


@FEW
@given(LOANS)
def test_a_quarter_is_its_months_at_their_own_age(loans: list[dict[str, Any]]) -> None:
    with a_ledger(a_book(loans), DAYS) as ledger:
        for tables in views(ledger, "cohort", DAYS):
            months: dict[tuple[date, int], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
            for row in tables["months"].rows:
                month = row["cohort_month"]
                quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
                key = (quarter, row["months_on_book"])
                figures = (row["disbursed"], row["ever_30"], row["repaid"])
                months[key] = [a + b for a, b in zip(months[key], figures, strict=True)]
            quarters = {
                (row["cohort_quarter"], row["months_on_book"]): [
                    row["disbursed"], row["ever_30"], row["repaid"],
                ]
                for row in tables["quarters"].rows
                if row["dimension"] == "book"
            }  # fmt: skip
            assert quarters == dict(months)


@FEW
@given(LOANS)
def test_curves_divide_parts_of_their_wholes_and_entities_make_the_book(
    loans: list[dict[str, Any]],
) -> None:
    with a_ledger(a_book(loans), DAYS) as ledger:
        for tables in views(ledger, "curves", DAYS):
            sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
            for row in tables["month"].rows:
                assert 0 <= row["became_written_off"] <= row["opening_outstanding"]
                assert 0 <= row["prepaid"] <= row["prepayable"] <= row["opening_outstanding"]
                for name in ("opening_outstanding", "prepayable", "prepaid", "recovered"):
                    sums[row["dimension"]][name] += row[name]
            assert all(each == sums["book"] for each in sums.values())
            for row in tables["rates"].rows:
                for month, year in (("mdr", "cdr"), ("smm", "cpr")):
                    assert row[month] is None or 0 <= row[month] <= 100
                    if row[year] is not None:
                        assert row[month] <= row[year] <= 100
                    assert not (row["partial"] and row[year] is not None)


@ONE
@given(LOANS)
def test_cohorts_run_together_are_the_cohorts_run_alone(loans: list[dict[str, Any]]) -> None:
    of = a_book(loans)
    names = ("cohort", "curves", "characteristics")
    days = DAYS[1::2]
    with a_ledger(of, days) as ledger:
        together = {name: views(ledger, name, days) for name in names}
    for place, day in enumerate(days):
        with a_ledger(of, [day]) as ledger:
            for name in names:
                (alone,) = views(ledger, name, [day])
                assert alone == together[name][place], (name, day)
