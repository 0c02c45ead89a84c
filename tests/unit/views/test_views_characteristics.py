"""Price, term, life and yield of loans that a person can work out.

    X  1,000  of  1 Jan, 60 days, 1,000 due 2 Mar       interest 50, fees 10: 6 % in 60 days
    Y  3,000  of 11 Jan, 60 days, 1,000 due 10 Feb,     interest 73: a year's is 444.08
              2,000 due 12 Mar                          pays 1,000 + 100 on 10 Feb
    Z    500  of  1 Feb 24, due 2 Mar 24                pays 500 + 20 on 2 Mar 24
    W    400  of  1 Jun 24, due 1 Jul 24                pays nothing: written off

At 28 February 2025: X and Y are active with 3,000 outstanding.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import pyxirr

from fintech_factory.pipeline.view_facts import Asked, snapshot_dates
from fintech_factory.pipeline.view_figures import observed_by
from fintech_factory.testing import RULES, Book, Ledger, book, make_ledger
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.makers.source_buckets import bounds_of, verdicts
from fintech_factory.views.table import ViewDate

AS_OF = "2025-02-28"
ON = ViewDate(date(2025, 2, 28), date(2025, 2, 28), partial=False)
Shown = Callable[..., list[dict[str, Any]]]


def four_loans() -> Book:
    return (
        book()
        .loan(1000, disbursed="2025-01-01", matures="2025-03-02", interest=50, fees=10,
              instalments=[("2025-03-02", 1000, 60)])
        .loan(3000, disbursed="2025-01-11", matures="2025-03-12", interest=73, entity="South",
              instalments=[("2025-02-10", 1000), ("2025-03-12", 2000, 73)],
              payments=[("2025-02-10", 1000, 100)])
        .loan(500, disbursed="2024-02-01", matures="2024-03-02",
              instalments=[("2024-03-02", 500)], payments=[("2024-03-02", 500, 20)])
        .loan(400, disbursed="2024-06-01", matures="2024-07-01",
              instalments=[("2024-07-01", 400)])
        .ending(AS_OF)
    )  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with make_ledger(four_loans(), [AS_OF], tmp_path_factory.mktemp("ledger")) as made:
        yield made


def test_apr_is_the_all_in_simple_rate_weighted_by_principal(ledger: Ledger, shown: Shown) -> None:
    """X: 60 x 365 / 60 = 365.00 (36.5 %); Y: 73 x 6.08333333 = 444.08; of 4,000."""
    (row,) = shown(ledger, "characteristics.distribution", AS_OF, scope="active", dimension="book")
    assert (row["loans"], row["principal"], row["cost"]) == (2, 4000, 133)
    assert round(row["annual_cost"], 2) == Decimal("809.08")
    assert round(row["apr"], 4) == Decimal("20.2271")


def test_the_average_life_is_days_by_principal(ledger: Ledger, shown: Shown) -> None:
    """X lives 60 days, Y a third 30 and two thirds 60: (60,000 + 150,000) / 4,000."""
    (row,) = shown(ledger, "characteristics.averages", AS_OF, dimension="book")
    assert (row["wal_days_active"], row["term_days_active"]) == (Decimal("52.5"), 60)
    assert (row["loan_size_active"], row["active_loans"], row["new_loans"]) == (2000, 2, 0)
    assert (row["apr_new"], row["wal_days_new"]) == (None, None)


def test_the_remaining_life_is_of_what_is_outstanding_and_past_due_is_due_at_once(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """On 31 January 100 of 300 are paid: 200 fall due in 28 days; 400 are a day late; 600 in 59.

    (200 x 28 + 400 x 0 + 600 x 59) / 1,200 = 34.1667. Written off and not scheduled weigh nothing.
    """
    of = (
        book()
        .loan(300, disbursed="2025-01-01", payments=[("2025-01-20", 100)],
              instalments=[("2025-01-25", 100), ("2025-02-28", 200)])
        .loan(400, disbursed="2025-01-01", instalments=[("2025-01-30", 400)])
        .loan(600, disbursed="2025-01-01", instalments=[("2025-03-31", 600)], entity="South")
        .loan(500, disbursed="2024-01-01", instalments=[("2024-02-01", 500)])
        .loan(700, disbursed="2025-01-01", instalments=[])
        .ending("2025-01-31")
    )  # fmt: skip
    rows = {
        row["member"]: row["wal_days_remaining"]
        for row in shown(ledger_of(of, "2025-01-31"), "characteristics.averages", "2025-01-31")
    }
    assert rows["book"] == Decimal("34.16666667")
    assert (rows["South"], rows["North"]) == (59, Decimal("9.33333333"))


def test_the_life_of_what_was_paid_counts_twelve_months(
    ledger_of: Callable[..., Ledger], ledger: Ledger, shown: Shown
) -> None:
    """Y's 1,000 after 30 days; Z's 500 of 2 March 2024 after 30 too: in by a day, or out."""
    (row,) = shown(ledger, "characteristics.averages", AS_OF, dimension="entity", member="South")
    assert row["wal_days_paid_12m"] == 30
    (north,) = shown(ledger, "characteristics.averages", AS_OF, dimension="entity", member="North")
    assert north["wal_days_paid_12m"] == 30
    later = ledger_of(four_loans().ending("2025-03-01"), "2025-03-01")
    (north,) = shown(
        later, "characteristics.averages", "2025-03-01", dimension="entity", member="North"
    )
    assert north["wal_days_paid_12m"] is None


@pytest.mark.parametrize(
    ("interest", "band"), [(99, "25-50 %"), (100, "50-75 %"), (0, "0-25 %"), (-1, "below 0 %")]
)
def test_a_band_begins_with_its_first_rate(
    ledger_of: Callable[..., Ledger], shown: Shown, interest: int, band: str
) -> None:
    """73 days are a fifth of a year: 100 of 1,000 is 50 % a year."""
    of = book().loan(1000, disbursed="2025-01-01", matures="2025-03-15", interest=interest)
    ledger = ledger_of(of.ending("2025-01-31"), "2025-01-31")
    rows = shown(
        ledger, "characteristics.distribution", "2025-01-31", scope="new", dimension="apr_band"
    )
    assert [(row["member"], row["principal"], row["share"]) for row in rows] == [(band, 1000, 100)]


def test_yields_are_pyxirrs_or_are_absent_where_it_finds_none(ledger: Ledger, shown: Shown) -> None:
    (row,) = shown(ledger, "characteristics.yields", AS_OF, dimension="book")
    days = [
        date(2024, 2, 1), date(2024, 3, 2), date(2024, 6, 1), date(2025, 1, 1), date(2025, 1, 11),
        date(2025, 2, 10), date(2025, 2, 28),
    ]  # fmt: skip
    amounts = [-500, 520, -400, -1000, -3000, 1100, 3000]
    assert (row["disbursed"], row["cash"]) == (4900, 1620)
    assert (row["outstanding"], row["written_off"]) == (3000, 400)
    theirs = pyxirr.xirr(days, amounts)
    assert theirs is not None
    assert float(row["yield_with_outstanding"]) == pytest.approx(theirs * 100, abs=1e-6)
    assert pyxirr.xirr(days[:-1], amounts[:-1]) is None
    assert row["yield_without"] is None
    assert row["reason_without"] == "still being repaid"


@pytest.mark.parametrize(
    ("left", "reason"), [("9.99", None), ("10", "still being repaid"), ("0", None)]
)
def test_what_came_is_a_yield_once_less_than_a_hundredth_is_owed(
    ledger_of: Callable[..., Ledger], shown: Shown, left: str, reason: str | None
) -> None:
    """1,000 lent for 30 days: 1,020 come less what is left."""
    paid = Decimal(1000) - Decimal(left)
    of = (
        book()
        .loan(1000, disbursed="2025-01-01", instalments=[("2025-03-31", 1000)],
              payments=[("2025-01-31", paid, 20)])
        .ending(AS_OF)
    )  # fmt: skip
    (row,) = shown(ledger_of(of, AS_OF), "characteristics.yields", AS_OF, dimension="book")
    came = (float(paid + 20) / 1000) ** (365 / 30) * 100 - 100
    assert row["reason_without"] == reason
    assert (row["yield_without"] is None) == (reason is not None)
    if reason is None:
        assert float(row["yield_without"]) == pytest.approx(came, abs=1e-5)


def test_a_lost_book_is_not_still_being_repaid(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    of = (
        book()
        .loan(1000, disbursed="2024-01-01", instalments=[("2024-02-01", 1000)],
              payments=[("2024-02-01", 900)])
        .ending(AS_OF)
    )  # fmt: skip
    (row,) = shown(ledger_of(of, AS_OF), "characteristics.yields", AS_OF, dimension="book")
    assert (row["outstanding"], row["written_off"]) == (0, 100)
    assert row["yield_without"] < 0


def test_a_cohort_without_a_yield_says_why(ledger: Ledger, shown: Shown) -> None:
    rows = {
        f"{row['member']}": row for row in shown(ledger, "characteristics.cohort_yields", AS_OF)
    }
    lost = rows["2024-06-01"]
    assert (lost["yield_with_outstanding"], lost["written_off"]) == (None, 400)
    assert lost["reason_with_outstanding"] == "money moved one way only"
    # 520 for 500 after 30 days.
    earned = (1.04 ** (365 / 30) - 1) * 100
    assert float(rows["2024-02-01"]["yield_without"]) == pytest.approx(earned, abs=1e-6)


def test_kpis_observe_the_books_yield_and_life(
    ledger: Ledger, catalogue: Catalogue, shown: Shown
) -> None:
    on = snapshot_dates(ledger.build)[ON.as_of]
    asked = Asked((on,), on.cut_on, RULES, {})
    seen = observed_by(ledger.build, [catalogue.get("characteristics")], asked)[ON.as_of]
    (row,) = shown(ledger, "characteristics.yields", AS_OF, dimension="book")
    assert seen["effective_yield"].value == row["yield_with_outstanding"]
    assert seen["wal_days"].value == Decimal("52.5")


def test_what_cannot_be_observed_has_a_reason_and_is_not_0(
    ledger_of: Callable[..., Ledger], catalogue: Catalogue
) -> None:
    of = book().loan(100, disbursed="2024-01-01", instalments=[("2024-02-01", 100)])
    ledger = ledger_of(of.ending(AS_OF), AS_OF)
    asked = Asked((snapshot_dates(ledger.build)[ON.as_of],), ON.cut_on, RULES, {})
    seen = observed_by(ledger.build, [catalogue.get("characteristics")], asked)[ON.as_of]
    assert (seen["effective_yield"].value, seen["wal_days"].value) == (None, None)
    assert seen["effective_yield"].reason == "money moved one way only"
    assert seen["wal_days"].reason == "nothing with a schedule is outstanding"


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("0.5K-1K", (500, 1000)),
        ("0-0.5K", (0, 500)),
        (">100K", (100_000, None)),
        ("31-45 Days", (31, 45)),
        (">180 Days", (180, None)),
        ("small", None),
        ("not provided", None),
    ],
)
def test_a_sources_bucket_is_read_as_bounds(words: str, bounds: object) -> None:
    assert bounds_of(words) == bounds


@pytest.mark.parametrize(
    ("smallest", "largest", "verdict"),
    [
        (500, 1000, "agrees"),
        (501, 1001, "in part"),
        (1001, 1500, "contradicts"),
        (100, 499, "contradicts"),
        (None, None, "unreadable"),
    ],
)
def test_a_sources_bucket_is_held_against_the_loans_in_it(
    smallest: int | None, largest: int | None, verdict: str
) -> None:
    cell = {
        "kind": "size_bucket", "bucket": "500-1K", "source_bucket": "0.5K-1K", "loans": 3,
        "smallest": smallest, "largest": largest,
    }  # fmt: skip
    (row,) = verdicts(ON, [cell])
    assert (row["verdict"], row["loans"]) == (verdict, 3)


def test_buckets_are_ours_whatever_the_source_says(ledger: Ledger, shown: Shown) -> None:
    rows = shown(ledger, "characteristics.source_buckets", AS_OF, kind="size_bucket")
    found = {row["bucket"]: (row["loans"], row["smallest"], row["largest"]) for row in rows}
    assert found == {
        "0-500": (1, 400, 400), "500-1K": (1, 500, 500), "1K-2.5K": (1, 1000, 1000),
        "2.5K-5K": (1, 3000, 3000),
    }  # fmt: skip
    (verdict,) = shown(ledger, "characteristics.bucket_verdicts", AS_OF, kind="size_bucket")
    assert (verdict["verdict"], verdict["loans"]) == ("unreadable", 4)
