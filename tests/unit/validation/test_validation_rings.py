"""The inner rings: what arrived is what landed, the loans come to the ledger, totals are met."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fintech_factory.validation.comparison import (
    FILE,
    LEDGER,
    SOURCE,
    Check,
    Reconciliation,
    SubLedger,
    Verdict,
)
from fintech_factory.validation.file_ring import (
    Control,
    FileHash,
    Loaded,
    Sum,
    TableCount,
    reconcile_files,
)
from fintech_factory.validation.reconciled import examine_reconciliation
from fintech_factory.validation.reconciliation import sub_ledger_check
from fintech_factory.values import Finding

DAY = date(2025, 6, 30)
OWNERS = {FILE: "technology", LEDGER: "technology", SOURCE: "finance"}
COUNT = TableCount("loans", received=10, landed=8, set_aside=2)
SUM = Sum("loans", "principal", Decimal(100), Decimal(100))
HASH = FileHash("loans.csv", "ab12", "ab12")
LOADED = Loaded("dim_loan", "principal", Decimal(100), Decimal(100))
CONTROL = Control(
    "disbursed", "loans", "principal", Decimal(100), Decimal(100), Decimal(1), "the accountant"
)


def judged(
    count: TableCount = COUNT,
    sum_: Sum = SUM,
    hash_: FileHash = HASH,
    loaded: Loaded = LOADED,
    control: Control = CONTROL,
) -> tuple[Check, ...]:
    return reconcile_files(
        DAY, counts=[count], sums=[sum_], hashes=[hash_], loaded=[loaded], controls=[control]
    )


def findings(*checks: Check) -> list[Finding]:
    examined = examine_reconciliation(Reconciliation((DAY,), checks), OWNERS)
    return [found.finding for each in examined for found in each.found]


def test_what_adds_up_is_exact() -> None:
    assert {check.verdict for check in judged()} == {Verdict.EXACT}
    assert findings(*judged()) == []


@pytest.mark.parametrize(
    ("checks", "code", "where"),
    [
        (judged(count=replace(COUNT, landed=7)), "rows_lost", "loans.rows"),
        (judged(count=replace(COUNT, set_aside=3)), "rows_lost", "loans.rows"),
        (judged(sum_=replace(SUM, read=Decimal("99.99"))), "landed_sum_changed", "loans.sums"),
        (judged(hash_=replace(HASH, now="cd34")), "raw_file_changed", "received.sha256"),
        (judged(hash_=replace(HASH, now=None)), "raw_file_changed", "received.sha256"),
        (judged(loaded=replace(LOADED, loaded=Decimal(99))), "model_incomplete", "dim_loan.loaded"),
    ],
)
def test_each_way_to_lose_something_is_critical_and_has_its_name(
    checks: tuple[Check, ...], code: str, where: str
) -> None:
    (finding,) = findings(*checks)
    assert (finding.code, finding.severity, finding.where) == (code, "critical", where)
    assert finding.evidence[0]["ours"] != finding.evidence[0]["theirs"]


def test_what_nobody_wrote_down_is_compared_with_nothing_and_says_so() -> None:
    sums = next(each for each in judged(sum_=replace(SUM, landed=None)) if each.name == "sums")
    assert (sums.verdict, sums.reason) == (None, "the manifest holds no control totals")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [("100", Verdict.EXACT), ("101", Verdict.CLOSE), ("98.99", Verdict.OPEN)],
)
def test_a_stated_figure_is_close_within_its_tolerance(found: str, verdict: Verdict) -> None:
    control = judged(control=replace(CONTROL, found=Decimal(found)))[-1]
    assert (control.verdict, control.ring) == (verdict, SOURCE)
    assert (control.source, control.theirs) == ("stated by the accountant", Decimal(100))


def test_a_missed_total_is_a_warning_unless_whoever_states_it_says_critical() -> None:
    missed = replace(CONTROL, found=Decimal(50))
    assert [each.severity for each in findings(judged(control=missed)[-1])] == ["warning"]
    grave = findings(judged(control=replace(missed, is_critical=True))[-1])
    assert [(each.code, each.severity) for each in grave] == [("control_total_open", "critical")]


def test_a_total_that_cannot_be_counted_is_a_finding_and_no_zero() -> None:
    silent = judged(control=replace(CONTROL, found=None, reason="two currencies"))[-1]
    assert (silent.ours, silent.verdict) == (None, None)
    (finding,) = findings(silent)
    assert finding.code == "control_total_uncounted"
    assert "two currencies" in finding.message


LOANS = SubLedger(DAY, "USD", 3, own=Decimal(900), converted=Decimal(900), ledger=Decimal(900))


@pytest.mark.parametrize(
    ("sums", "verdict"),
    [
        (LOANS, Verdict.EXACT),
        (replace(LOANS, own=Decimal(899)), Verdict.OPEN),
        (replace(LOANS, converted=Decimal("899.999999")), Verdict.OPEN),
        # Three loans in another currency, each rounded by half a millionth at most.
        (
            replace(LOANS, rate=Decimal("0.5"), converted=Decimal("450.0000015")),
            Verdict.EXACT,
        ),
        (
            replace(LOANS, rate=Decimal("0.5"), converted=Decimal("450.0000016")),
            Verdict.OPEN,
        ),
    ],
)
def test_the_loans_come_to_the_ledger_to_the_rounding_of_their_rate(
    sums: SubLedger, verdict: Verdict
) -> None:
    check = sub_ledger_check([sums])
    assert (check.verdict, check.ring) == (verdict, LEDGER)
    expected = ["sub_ledger_open"] if verdict is Verdict.OPEN else []
    assert [each.code for each in findings(check)] == expected


def test_files_that_agree_do_not_make_a_ledger_reconciled() -> None:
    files = tuple(each for each in judged() if each.ring == FILE)
    assert Reconciliation((DAY,), (*files, sub_ledger_check([LOANS]))).status is Verdict.OPEN
    assert Reconciliation((DAY,), judged()).status is Verdict.EXACT
