"""Curves, cohorts and yields of the tape beside the same analysis in pandas, from its files."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import pyxirr

pytestmark = pytest.mark.tape
Document = Callable[..., Any]
Frame = pd.DataFrame
LAST = date(2025, 12, 10)
AMOUNTS = ["principal", "interest", "fees", "other", "to_tax"]
DUST = 0.005


@pytest.fixture(scope="module")
def loans(tape: Path) -> Frame:
    """One row per loan; every loan of the tape has one instalment."""
    of = pd.read_csv(tape / "loans.csv", parse_dates=["disburse_date"])
    due = pd.read_csv(tape / "schedules.csv", parse_dates=["date_due"])
    due["total"] = due[AMOUNTS].sum(axis=1)
    due = due.rename(columns={"principal": "due", "total": "due_total"})
    return of.merge(due[["loan_id", "date_due", "due", "due_total"]], on="loan_id", validate="1:1")


@pytest.fixture(scope="module")
def payments(tape: Path) -> Frame:
    moved = pd.read_csv(tape / "transactions.csv", parse_dates=["date_paid"])
    paid = moved[moved["transaction_type"] == "PAYMENT"].copy()
    paid["total"] = paid[AMOUNTS].sum(axis=1)
    return paid


def book_at(loans: Frame, payments: Frame, day: str) -> Frame:
    """Give every loan disbursed by a day with its balance and days past due."""
    cut = pd.Timestamp(min(date.fromisoformat(day), LAST))
    paid = payments[payments["date_paid"] <= cut].groupby("loan_id")[["principal", "total"]].sum()
    at = loans[loans["disburse_date"] <= cut].merge(
        paid, how="left", left_on="loan_id", right_index=True
    )
    at[["principal", "total"]] = at[["principal", "total"]].fillna(0)
    at["balance"] = (at["disburse_principal"] - at["principal"]).round(6)
    short = (at["due"] - at["principal"] > DUST) & (at["due_total"] - at["total"] > DUST)
    late = short & (at["balance"] != 0) & (at["date_due"] < cut)
    at["dpd"] = (cut - at["date_due"]).dt.days.where(late, 0)
    return at.set_index("loan_id")


def rows(document: Document, root: Path, table: str, as_of: str) -> list[dict[str, Any]]:
    view, _, name = table.partition(".")
    shown = document(root, "views", "show", view, "--table", name, "--as-of", as_of)
    found: list[dict[str, Any]] = shown["tables"][name]
    return found


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("2024-08-31", "2024-09-30"), ("2025-04-30", "2025-05-31"), ("2025-10-31", "2025-11-30")],
)
def test_mdr_smm_and_recovery_are_pandas(  # noqa: PLR0913 - five fixtures and a month
    loans: Frame, payments: Frame, document: Document, tape_workspace: Path, *,
    opening: str, closing: str,
) -> None:  # fmt: skip
    before, after = book_at(loans, payments, opening), book_at(loans, payments, closing)
    after = after.loc[before.index]
    active, lost = before["dpd"] <= 180, before["dpd"] > 180
    became = active & (after["dpd"] > 180)
    later = active & (before["date_due"] > pd.Timestamp(closing)) & (before["balance"] > 0)
    month = payments[
        (payments["date_paid"] > pd.Timestamp(opening))
        & (payments["date_paid"] <= pd.Timestamp(closing))
    ]
    cash = month[month["loan_id"].isin(before.index[lost & (before["balance"] != 0)])]["total"]
    row = next(
        row
        for row in rows(document, tape_workspace, "curves.rates", closing)
        if (row["dimension"], row["months_back"]) == ("book", 0)
    )
    mdr = after["balance"][became].sum() / before["balance"][active].sum()
    smm = (before["balance"] - after["balance"])[later].sum() / before["balance"][later].sum()
    assert float(row["mdr"]) == pytest.approx(mdr * 100, abs=1e-7)
    assert float(row["cdr"]) == pytest.approx((1 - (1 - mdr) ** 12) * 100, abs=1e-6)
    assert float(row["smm"]) == pytest.approx(smm * 100, abs=1e-7)
    assert float(row["cpr"]) == pytest.approx((1 - (1 - smm) ** 12) * 100, abs=1e-6)
    recovery = cash.sum() / before["balance"][lost].sum()
    assert float(row["recovery_rate"]) == pytest.approx(recovery * 100, abs=1e-7)


@pytest.mark.parametrize("cohort", ["2024-09-01", "2025-01-01"])
def test_vintage_curves_are_pandas(
    loans: Frame, payments: Frame, document: Document, tape_workspace: Path, cohort: str
) -> None:
    month = pd.Timestamp(cohort).to_period("M")
    members = loans[loans["disburse_date"].dt.to_period("M") == month]
    ours = {
        row["months_on_book"]: row
        for row in rows(document, tape_workspace, "cohort.months", "2025-11-30")
        if row["cohort_month"] == cohort
    }
    ever = pd.Series(0.0, index=members["loan_id"])
    disbursed = members["disburse_principal"].sum()
    for months in range(len(ours)):
        day = (month + months).end_time.date().isoformat()
        at = book_at(members, payments, day)
        seen = (at["dpd"] >= 90) & (ever[at.index] == 0)
        ever[at.index[seen]] = at["balance"][seen]
        share = float(ours[months]["ever_90_share"])
        assert share == pytest.approx(ever.sum() / disbursed * 100, abs=1e-6), months
        repaid = at["principal"].sum() / disbursed
        assert float(ours[months]["repaid_share"]) == pytest.approx(repaid * 100, abs=1e-6)
    assert ever.sum() > 0


def test_rdr_is_pandas(
    loans: Frame, payments: Frame, document: Document, tape_workspace: Path
) -> None:
    at = book_at(loans, payments, "2025-11-30")
    age = (2025 - at["disburse_date"].dt.year) * 12 + 11 - at["disburse_date"].dt.month
    late = at["balance"].where(at["dpd"] >= 90, 0)
    for row in rows(document, tape_workspace, "cohort.rdr", "2025-11-30"):
        if row["dimension"] == "book":
            old = age >= row["from_months"]
            share = late[old].sum() / at["disburse_principal"][old].sum() * 100
            assert float(row["rdr_90"]) == pytest.approx(share, abs=1e-7)


def test_the_books_yield_is_pyxirrs(
    loans: Frame, payments: Frame, document: Document, tape_workspace: Path
) -> None:
    at = book_at(loans, payments, "2025-12-10")
    out = -loans.groupby("disburse_date")["disburse_principal"].sum()
    back = payments.groupby("date_paid")["total"].sum()
    flows = out.add(back, fill_value=0)
    end = pd.Timestamp(LAST)
    flows[end] = flows.get(end, 0.0) + at["balance"][at["dpd"] <= 180].sum()
    theirs = pyxirr.xirr([day.date() for day in flows.index], list(flows))
    assert theirs is not None
    (row,) = (
        row
        for row in rows(document, tape_workspace, "characteristics.yields", "2025-12-10")
        if row["dimension"] == "book"
    )
    assert float(row["yield_with_outstanding"]) == pytest.approx(theirs * 100, abs=1e-5)


def test_the_price_of_the_active_book_is_pandas(
    loans: Frame, payments: Frame, document: Document, tape_workspace: Path
) -> None:
    at = book_at(loans, payments, "2025-11-30")
    active = at[(at["balance"] > 0) & (at["dpd"] <= 180)]
    cost = (active["total_interest"] + active["total_fees"]) * 365 / active["term"]
    (row,) = (
        row
        for row in rows(document, tape_workspace, "characteristics.averages", "2025-11-30")
        if row["dimension"] == "book"
    )
    apr = cost.sum() / active["disburse_principal"].sum() * 100
    assert float(row["apr_active"]) == pytest.approx(apr, abs=1e-4)
    days = (active["date_due"] - active["disburse_date"]).dt.days
    life = (days * active["due"]).sum() / active["due"].sum()
    assert float(row["wal_days_active"]) == pytest.approx(life, abs=1e-6)


def test_the_disagreement_of_buckets_is_the_findings(
    document: Document, tape_workspace: Path
) -> None:
    found = {
        (row["kind"], row["verdict"]): row["loans"]
        for row in rows(document, tape_workspace, "characteristics.bucket_verdicts", "2025-12-10")
    }
    assert found == {
        ("size_bucket", "agrees"): 17_404,
        ("size_bucket", "contradicts"): 284,
        ("term_bucket", "agrees"): 17_688,
    }
