"""Cohort curves beside a survival library, where both compute the same figure."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from fintech_factory.testing import Ledger, book
from fintech_factory.transform.dates import month_end

AS_OF = date(2025, 12, 31)
LOANS = 60
MONTHS = 11
NEVER, LATE, REPAID = 0, 1, 2
Shown = Callable[..., list[dict[str, Any]]]


def fates(days: int) -> list[tuple[date, date | None]]:
    """Draw for each loan of January 2025 when it is due, and when, if ever, it is paid."""
    dice = Random(days)  # noqa: S311 - a fixture, not a secret
    drawn = []
    for _ in range(LOANS):
        due = date(2025, 2, 1) + timedelta(days=dice.randrange(40))
        paid = due + timedelta(days=dice.choice([0, 0, 20, 60, 95, 130, 200, 400]))
        drawn.append((due, paid if paid <= AS_OF else None))
    return drawn


def first_event(due: date, paid: date | None, days: int) -> tuple[int, int]:
    """Give the months on book at which a month-end sees the loan late or repaid, and which."""
    for months in range(MONTHS + 1):
        seen_on = month_end(date(2025, months + 1, 1))
        if paid is not None and paid <= seen_on:
            return months, REPAID
        if (seen_on - due).days >= days:
            return months, LATE
    return MONTHS, NEVER


@pytest.mark.parametrize("days", [30, 90])
def test_an_ever_curve_of_equal_loans_is_the_aalen_johansen_incidence(
    ledger_of: Callable[..., Ledger], shown: Shown, days: int
) -> None:
    """Without censoring before the end it is also the complement of Kaplan-Meier."""
    of, drawn = book(), fates(days)
    for due, paid in drawn:
        of = of.loan(
            100, disbursed="2025-01-15", instalments=[(due, 100)],
            payments=[] if paid is None else [(paid, 100)],
        )  # fmt: skip
    ledger = ledger_of(of.ending(AS_OF), f"{AS_OF}")
    ours = {
        row["months_on_book"]: float(row[f"ever_{days}_share"]) / 100
        for row in shown(ledger, "cohort.months", f"{AS_OF}")
    }
    events = [first_event(due, paid, days) for due, paid in drawn]
    assert {kind for _, kind in events} == {LATE, REPAID}
    # No time of 0 in the library: its clock starts a month earlier.
    times = [months + 1 for months, _ in events]
    incidence = CumIncidenceRight(times, [kind for _, kind in events], freq_weights=np.ones(LOANS))
    expected = dict(zip(incidence.times, incidence.cinc[0], strict=True))
    # Who repaid never becomes late: no event until the very end.
    at_risk = [
        MONTHS + 1 if kind != LATE else time for (_, kind), time in zip(events, times, strict=True)
    ]
    survival = SurvfuncRight(at_risk, [int(kind == LATE) for _, kind in events])
    complement = dict(zip(survival.surv_times, 1 - survival.surv_prob, strict=True))
    compared = 0
    for months, share in ours.items():
        if months + 1 in expected:
            assert share == pytest.approx(expected[months + 1], abs=1e-9)
            compared += 1
        if months + 1 in complement:
            assert share == pytest.approx(complement[months + 1], abs=1e-9)
    assert compared >= 3
