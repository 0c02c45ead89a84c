"""Grades, the roll-forward, the status, and the document that `factory reconcile` prints."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.validation.comparison import (
    Cause,
    Check,
    LoanPair,
    Reconciliation,
    RollForward,
    SourceTotals,
    Tolerances,
    Verdict,
    worst,
)
from fintech_factory.validation.reconciliation import reconcile

TOLERANCES = Tolerances(
    close_per_loan=Decimal("0.01"), write_off_after_dpd=180, bucket_bounds=(0, 30, 60, 90, 180)
)
DAY = date(2025, 11, 30)
ROUND = RollForward(DAY, "USD", Decimal(900), Decimal(500), Decimal(250), Decimal(1150))
PAIR = LoanPair(
    source="loan_par_balances",
    as_of=DAY,
    cut_on=DAY,
    loan_id="L1",
    in_source=True,
    in_ours=True,
    our_balance=Decimal(100),
    source_balance=Decimal(100),
    our_dpd=45,
    source_dpd=45,
    our_written_off=False,
    source_written_off=False,
    our_at_risk=(Decimal(100), Decimal(100), Decimal(0), Decimal(0)),
    source_at_risk=(Decimal(100), Decimal(100), Decimal(0), Decimal(0)),
)
TOTALS = SourceTotals(
    source="loan_par_balances",
    rows=3,
    rows_in_both=2,
    our_balance=Decimal(300),
    source_balance=Decimal(299),
    our_at_risk=(Decimal(200), Decimal(100), Decimal(0), Decimal(0)),
    source_at_risk=(Decimal(200), Decimal(90), Decimal(0), Decimal(0)),
)


def reconciled(*pairs: LoanPair, totals: SourceTotals = TOTALS) -> Reconciliation:
    return reconcile([DAY], [totals], pairs, [ROUND], TOLERANCES)


def checks(*pairs: LoanPair, totals: SourceTotals = TOTALS) -> dict[str, Check]:
    return {check.name: check for check in reconciled(*pairs, totals=totals).checks}


def pair(**figures: Any) -> LoanPair:  # noqa: ANN401 - the fields of a pair
    return replace(PAIR, **figures)


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ("100", Verdict.EXACT),
        ("100.000001", Verdict.CLOSE),
        ("100.01", Verdict.CLOSE),
        ("99.99", Verdict.CLOSE),
        ("100.0101", Verdict.OPEN),
        ("99.9899", Verdict.OPEN),
    ],
)
def test_a_cent_a_loan_is_close_and_a_hair_more_is_open(theirs: str, verdict: Verdict) -> None:
    assert checks(pair(source_balance=Decimal(theirs)))["balance"].verdict is verdict


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [("100", Verdict.EXACT), ("99.99", Verdict.CLOSE), ("99.9899", Verdict.OPEN)],
)
def test_what_is_at_risk_is_graded_like_a_balance(theirs: str, verdict: Verdict) -> None:
    at_risk = (Decimal(100), Decimal(theirs), Decimal(0), Decimal(0))
    found = checks(pair(source_at_risk=at_risk))
    assert [found[name].verdict for name in ("par_7", "par_30", "par_60")] == [
        Verdict.EXACT,
        verdict,
        Verdict.EXACT,
    ]


def test_each_rung_is_compared_with_its_own() -> None:
    ours = tuple(map(Decimal, (1, 2, 3, 4)))
    found = checks(pair(our_at_risk=ours, source_at_risk=ours[::-1]))
    rows = {name: found[name].open_rows[0] for name in ("par_7", "par_30", "par_60", "par_90")}
    assert {name: (row.ours, row.theirs) for name, row in rows.items()} == {
        "par_7": ("1", "4"),
        "par_30": ("2", "3"),
        "par_60": ("3", "2"),
        "par_90": ("4", "1"),
    }


@pytest.mark.parametrize(
    ("source_dpd", "dpd", "bucket"),
    [
        (45, Verdict.EXACT, Verdict.EXACT),
        (46, Verdict.OPEN, Verdict.EXACT),
        (60, Verdict.OPEN, Verdict.EXACT),
        (61, Verdict.OPEN, Verdict.OPEN),
        (30, Verdict.OPEN, Verdict.OPEN),
        (31, Verdict.OPEN, Verdict.EXACT),
    ],
)
def test_days_agree_to_the_day_and_buckets_to_the_bucket(
    source_dpd: int, dpd: Verdict, bucket: Verdict
) -> None:
    found = checks(pair(source_dpd=source_dpd))
    assert (found["dpd"].verdict, found["bucket"].verdict) == (dpd, bucket)


def test_a_flag_of_a_loan_of_dust_is_close() -> None:
    dust = {"our_balance": Decimal("0.01"), "source_balance": Decimal("0.01")}
    found = checks(pair(**dust, source_dpd=400, source_written_off=True))
    assert {found[name].verdict for name in ("dpd", "bucket", "write_off")} == {Verdict.CLOSE}
    assert found["dpd"].causes == ((Cause.DUST, 1),)


def test_a_write_off_that_only_one_side_knows_is_open() -> None:
    row = checks(pair(our_dpd=181, source_dpd=181, our_written_off=True))["write_off"]
    assert row.verdict is Verdict.OPEN
    assert (row.open_rows[0].ours, row.open_rows[0].theirs) == ("True", "False")


def test_a_loan_that_one_side_lacks_is_open_in_balance_and_not_judged_in_days() -> None:
    gone = pair(in_source=False, source_balance=None, source_dpd=None, source_written_off=None)
    found = checks(gone)
    assert found["balance"].verdict is Verdict.OPEN
    assert found["balance"].open_rows[0].theirs == "not reported"
    assert {found[name].verdict for name in ("dpd", "bucket", "write_off")} == {Verdict.EXACT}


def test_a_loan_that_one_side_lacks_is_open_even_at_a_balance_of_nothing_there() -> None:
    """Not reported is not the same as reported at 0."""
    lacking = pair(in_source=False, source_balance=None, our_balance=Decimal("0.02"))
    assert checks(lacking)["balance"].verdict is Verdict.OPEN


def test_dust_that_one_side_lacks_is_close() -> None:
    gone = pair(in_source=False, source_balance=None, our_balance=Decimal("0.005"))
    assert checks(gone)["balance"].verdict is Verdict.CLOSE


def test_what_the_source_does_not_report_is_not_compared() -> None:
    """`loans` has balance and days of its own, but no flag and no ladder."""
    silent = (None, None, None, None)
    totals = replace(TOTALS, source="loans", source_at_risk=silent)
    found = checks(pair(source="loans", source_at_risk=silent), totals=totals)
    assert set(found) == {"roll_forward", "balance", "dpd", "bucket"}


def test_a_date_on_which_the_source_is_silent_has_no_verdict_and_says_so() -> None:
    (roll_forward, balance) = reconcile([DAY], [], [], [ROUND], TOLERANCES).checks
    assert (balance.verdict, balance.ours, balance.theirs) == (None, None, None)
    assert balance.reason == "the source reports no balances at 2025-11-30"
    assert roll_forward.verdict is Verdict.EXACT


def test_each_source_is_judged_on_its_own_rows() -> None:
    other = replace(TOTALS, source="loans")
    found = reconcile(
        [DAY], [TOTALS, other], [pair(source="loans", source_dpd=9)], [ROUND], TOLERANCES
    )
    verdicts = {(check.source, check.name): check.verdict for check in found.checks}
    assert verdicts["loans", "dpd"] is Verdict.OPEN
    assert verdicts["loan_par_balances", "dpd"] is Verdict.EXACT


def test_a_check_counts_its_rows_and_adds_up_both_sides() -> None:
    close = pair(source_balance=Decimal("100.01"))
    far = pair(source_balance=Decimal(90), loan_id="L2")
    check = checks(close, far)["balance"]
    assert (check.rows, check.close, len(check.open_rows)) == (3, 1, 1)
    assert (check.ours, check.theirs) == (300, 299)
    assert check.causes == ((Cause.UNEXPLAINED, 2),)


def test_days_are_counted_over_loans_that_both_sides_know() -> None:
    check = checks(PAIR)["dpd"]
    assert (check.rows, check.ours, check.theirs) == (2, None, None)


def test_a_roll_forward_that_does_not_close_is_open() -> None:
    broken = replace(ROUND, closing=Decimal("1150.000001"), currency="MXN")
    (check, *_) = reconcile([DAY], [], [], [ROUND, broken], TOLERANCES).checks
    assert (check.name, check.verdict, check.rows) == ("roll_forward", Verdict.OPEN, 2)
    (row,) = check.open_rows
    assert (row.loan_id, row.ours, row.theirs) == ("MXN", "1150.000001", "1150")


def test_roll_forwards_of_several_currencies_are_added_up_at_their_rates() -> None:
    pesos = replace(ROUND, currency="MXN", rate=Decimal("0.1"))
    (check, *_) = reconcile([DAY], [], [], [ROUND, pesos], TOLERANCES).checks
    assert (check.ours, check.theirs) == (1265, 1265)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([Verdict.EXACT, Verdict.CLOSE], Verdict.CLOSE),
        ([Verdict.CLOSE, Verdict.OPEN, Verdict.EXACT], Verdict.OPEN),
        ([Verdict.EXACT, None], Verdict.EXACT),
        ([None], Verdict.OPEN),
    ],
)
def test_the_status_is_the_worst_verdict_and_nothing_compared_is_not_fine(
    verdicts: list[Verdict | None], status: Verdict
) -> None:
    made = [Check("balance", "loans", None, None, verdict, 0) for verdict in verdicts]
    assert Reconciliation((DAY,), tuple(made)).status is status


def test_the_worst_of_nothing_is_nothing() -> None:
    assert worst([]) is None


def test_the_document_has_one_object_a_check_and_its_amounts_as_text() -> None:
    document = reconciled(pair(source_balance=Decimal("100.005"))).as_json()
    assert set(document) == {"as_ofs", "checks", "roll_forward", "open_rows", "status"}
    assert (document["as_ofs"], document["status"]) == (["2025-11-30"], "close")
    balance = next(each for each in document["checks"] if each["name"] == "balance")
    assert balance == {
        "name": "balance",
        "source": "loan_par_balances",
        "ring": "source",
        "ours": "300",
        "theirs": "299",
        "variance": "1",
        "verdict": "close",
        "rows": 3,
        "exact": 2,
        "close": 1,
        "open": 0,
        "causes": {"unexplained": 1},
        "reason": None,
    }
    assert document["roll_forward"] == [
        {
            "as_of": "2025-11-30",
            "currency": "USD",
            "opening": "900",
            "disbursed": "500",
            "principal_paid": "250",
            "closing": "1150",
            "variance": "0",
        }
    ]


def test_the_document_lists_every_open_row_with_its_cause() -> None:
    document = reconciled(pair(our_dpd=24, cut_on=date(2025, 11, 9))).as_json()
    assert document["open_rows"] == [
        {
            "check": f"loan_par_balances.{name}",
            "as_of": "2025-11-30",
            "loan_id": "L1",
            "ours": "24",
            "theirs": "45",
            "cause": "as-of",
        }
        for name in ("dpd", "bucket")
    ]


def test_an_amount_is_written_out_never_in_scientific_notation() -> None:
    tiny = replace(TOTALS, our_balance=Decimal("5.68E-14"))
    document = reconciled(PAIR, totals=tiny).as_json()
    assert document["checks"][1]["ours"] == "0.0000000000000568"


def test_a_ledger_that_only_agrees_with_itself_is_not_reconciled() -> None:
    ledger = Check("roll_forward", "ledger", None, None, Verdict.EXACT, 1)
    silent = Check("balance", "loan_par_balances", None, None, None, 0)
    alone = Reconciliation((DAY,), (ledger, silent))
    assert (alone.status, alone.disagrees) == (Verdict.OPEN, False)


def test_an_open_check_is_a_disagreement() -> None:
    made = (Check("balance", "loans", None, None, Verdict.OPEN, 1),)
    assert Reconciliation((DAY,), made).disagrees
