"""What the clock alone finds: an export that is late, refused, or not recomputed in time."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.kpi_engine.readings import Check, Reading, Status
from fintech_factory.validation.accuracy import (
    Accuracy,
    SourceScore,
    examine_accuracy,
    next_due,
)
from fintech_factory.validation.comparison import (
    CONTROL,
    FILE,
    LEDGER,
    Cause,
    OpenRow,
    Reconciliation,
    Verdict,
)
from fintech_factory.validation.comparison import Check as Compared
from fintech_factory.validation.findings import Examined
from fintech_factory.validation.freshness import (
    Arrived,
    Expectation,
    examine_freshness,
    hours_old,
    overdue_since,
)
from fintech_factory.validation.landed import Refusal, examine_landing, examine_refusal
from fintech_factory.validation.verified import accuracy_of, examine_engines, source_score
from fintech_factory.values import Finding, Severity, Unit

DAILY = Expectation("daily", time(3, 30))
# A Thursday's export, which came in the night to Friday.
CAME = Arrived("cascade", "b1", datetime(2025, 6, 27, 2, tzinfo=UTC), date(2025, 6, 26))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def codes(*examined: Examined) -> list[str]:
    return [found.finding.code for check in examined for found in check.found]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2025-06-27T03:29", []),
        ("2025-06-28T03:29", []),
        ("2025-06-28T03:30", ["export_missing"]),
        ("2025-07-20T12:00", ["export_missing"]),
    ],
)
def test_an_export_is_missing_from_its_deadline_on(now: str, expected: list[str]) -> None:
    assert codes(examine_freshness(at(now), CAME, DAILY, "technology")) == expected
    assert (overdue_since(at(now), CAME, DAILY) is not None) is bool(expected)


def test_the_first_deadline_that_passed_stays_the_same_however_late_it_is() -> None:
    assert overdue_since(at("2025-07-20T12:00"), CAME, DAILY) == at("2025-06-28T03:30")


def test_an_export_that_came_and_ends_too_early_is_behind_and_not_missing() -> None:
    late = Arrived("cascade", "b1", at("2025-06-29T02:00"), date(2025, 6, 26))
    assert codes(examine_freshness(at("2025-06-29T04:00"), late, DAILY, "t")) == ["export_behind"]


@pytest.mark.parametrize(
    ("cadence", "now", "is_late"),
    [
        ("business_days", "2025-06-28T04:00", True),
        ("weekly", "2025-06-29T12:00", False),
        ("weekly", "2025-06-30T04:00", True),
        ("monthly", "2025-06-30T12:00", False),
        ("monthly", "2025-07-01T04:00", True),
    ],
)
def test_an_export_is_expected_at_the_end_of_its_period(
    cadence: str, now: str, *, is_late: bool
) -> None:
    """Friday is a business day, Sunday ends the week, Monday the month."""
    expected = Expectation(cadence, time(3, 30))
    assert bool(codes(examine_freshness(at(now), CAME, expected, "t"))) is is_late
    assert (overdue_since(at(now), CAME, expected) is not None) is is_late


def test_a_weekend_asks_nothing_of_who_works_on_business_days() -> None:
    friday = Arrived("cascade", "b1", at("2025-06-28T02:00"), date(2025, 6, 27))
    business = Expectation("business_days", time(3, 30))
    assert codes(examine_freshness(at("2025-06-30T12:00"), friday, business, "t")) == []
    assert codes(examine_freshness(at("2025-07-01T04:00"), friday, business, "t")) != []


def test_quiet_days_are_granted_unless_the_export_says_of_which_day_it_speaks() -> None:
    quiet = Expectation("daily", time(3, 30), quiet_days=2)
    assert codes(examine_freshness(at("2025-06-29T04:00"), CAME, quiet, "t")) == []
    assert codes(examine_freshness(at("2025-06-30T04:00"), CAME, quiet, "t")) != []
    declared = Arrived("cascade", "b1", CAME.arrived_at, CAME.speaks_of, declared=True)
    assert codes(examine_freshness(at("2025-06-29T04:00"), declared, quiet, "t")) != []


def test_age_counts_from_the_end_of_the_last_day_and_is_never_negative() -> None:
    assert hours_old(at("2025-06-27T03:30"), CAME) == Decimal("3.50")
    assert hours_old(at("2025-06-26T20:00"), CAME) == Decimal("0.00")


def test_a_refused_export_is_named_with_its_reasons() -> None:
    refused = Finding("missing_column", Severity.CRITICAL, "no `principal`", where="loans.csv")
    noted = Finding("empty_column", Severity.INFO, "memo is empty", where="loans.csv")
    refusal = Refusal("b2", at("2025-06-28T02:00"), (noted, refused))
    (found,) = examine_refusal("cascade", refusal, "technology").found
    assert (found.finding.code, found.finding.rows) == ("export_refused", 1)
    assert "loans.csv: no `principal`" in found.finding.message
    assert codes(examine_refusal("cascade", None, "technology")) == []


def landed(message: str, severity: Severity = Severity.WARNING) -> str:
    finding = Finding("bad_date", severity, message, where="loans.csv")
    (found,) = examine_landing([finding], "technology").found
    assert found.finding.severity is Severity.WARNING
    return found.id


def test_what_landing_found_keeps_its_name_when_only_its_count_changes() -> None:
    assert landed("1 row of loans set aside") == landed("1,204 rows of loans set aside")
    assert landed("1 row of loans set aside") != landed("1 row of schedules set aside")


def test_what_was_let_in_on_purpose_blocks_nothing_any_more() -> None:
    landed("half the rows are gone; accepted all the same", Severity.CRITICAL)


def reading(status: Status = Status.OK, check: Check = Check.MATCHED) -> Reading:
    day = date(2025, 6, 30)
    return Reading("par_90", 1, day, day, Unit.PERCENT, status=status, check=check)


APART = reading(Status.WITHHELD, Check.MISMATCHED)
SILENT = reading(Status.UNAVAILABLE)


def test_readings_on_which_the_engines_disagree_are_found_and_many_are_critical() -> None:
    def severity(*readings: Reading) -> list[Severity]:
        examined = examine_engines(readings, Decimal(50), "technology")
        return [found.finding.severity for check in examined for found in check.found]

    assert severity(reading(), reading()) == []
    assert severity(reading(), APART) == [Severity.WARNING]
    assert severity(reading(), APART, APART) == [Severity.CRITICAL]
    # What neither engine can know counts on neither side.
    assert severity(reading(), APART, APART, SILENT, SILENT) == [Severity.CRITICAL]
    assert examine_engines([SILENT], Decimal(50), "technology") == []


def test_accuracy_is_a_share_of_what_was_compared() -> None:
    result = accuracy_of([reading(), reading(), APART, SILENT], at("2025-07-01T00:00"), "run-1")
    assert (result.compared, result.agreeing) == (3, 2)
    assert result.score == Decimal("66.66666667")
    assert accuracy_of([SILENT], at("2025-07-01T00:00"), "run-1").score is None


def test_what_the_second_engine_has_no_verdict_of_is_counted_beside_the_score() -> None:
    """Of ten published readings three were judged and one of those is known to neither engine."""
    at_ = at("2025-07-01T00:00")
    result = accuracy_of([reading(), reading(), SILENT], at_, "run-1", published=10)
    assert (result.compared, result.agreeing, result.not_checked) == (2, 2, 8)
    # A group that only the second engine knows is judged and is no published reading.
    assert accuracy_of([reading(), APART], at_, "run-1", published=1).not_checked == 0


def check(name: str, rows: int, open_: int = 0, **fields: Any) -> Compared:  # noqa: ANN401 - the fields of a check
    row = OpenRow(name, date(2025, 6, 30), "L1", "1", "2", Cause.UNEXPLAINED)
    known = {"ours": None, "theirs": None, "verdict": Verdict.OPEN if open_ else Verdict.EXACT}
    return Compared(name, "loans", rows=rows, open_rows=(row,) * open_, **(known | fields))


def test_the_sources_score_counts_its_own_figures_and_nothing_else() -> None:
    """20 balances of which 3 are open, 10 days past due; ledger, files and totals are no source."""
    checks = (
        check("balance", 20, 3, close=2),
        check("dpd", 10),
        check("par_7", 99, verdict=None),
        check("roll_forward", 40, ring=LEDGER),
        check("rows", 50, 1, ring=FILE),
        check("disbursed", 1, 1, kind=CONTROL),
    )
    score = source_score(Reconciliation((date(2025, 6, 30),), checks), not_checked=7)
    assert (score.compared, score.agreeing, score.not_checked) == (30, 27, 7)
    assert score.score == Decimal("90.00000000")
    assert [row["loan_id"] for row in score.disagreed] == ["L1"] * 3
    assert source_score(Reconciliation((), ()), 7).score is None


def test_accuracy_is_perfect_only_if_engines_and_source_agree() -> None:
    def perfect(agreeing: int, source: SourceScore | None) -> bool:
        at_ = at("2025-07-01T00:00")
        return Accuracy(at_, (), compared=3, agreeing=agreeing, source=source).is_perfect

    assert perfect(3, None)
    assert perfect(3, SourceScore(5, 5, 0))
    assert not perfect(3, SourceScore(5, 4, 0))
    assert not perfect(2, SourceScore(5, 5, 0))


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("2025-06-30", "2025-07-01"),
        ("2025-07-01", "2025-08-01"),
        ("2025-12-15", "2026-01-01"),
    ],
)
def test_accuracy_is_due_on_the_next_first_of_a_month(last: str, due: str) -> None:
    assert next_due(date.fromisoformat(last), 1) == date.fromisoformat(due)


def test_accuracy_is_overdue_the_day_after_also_when_it_never_was_made() -> None:
    made = Accuracy(at("2025-06-15T00:00"), (), 3, 3)

    def late(result: Accuracy | None, since: date | None, today: str) -> list[str]:
        calendar = (date.fromisoformat(today), 1)
        return codes(*examine_accuracy(result, since, calendar, "compliance"))

    assert late(made, None, "2025-07-01") == []
    assert late(made, None, "2025-07-02") == ["accuracy_overdue"]
    assert late(None, date(2025, 6, 15), "2025-07-02") == ["accuracy_overdue"]
    assert late(None, None, "2025-07-02") == []
    apart = Accuracy(at("2025-06-15T00:00"), (), 3, 2)
    assert late(apart, None, "2025-07-01") == ["accuracy_imperfect"]
