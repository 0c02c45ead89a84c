"""Grades our ledger against the source's own figures; each difference has its cause."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fintech_factory.validation.comparison import (
    LEDGER,
    RUNGS,
    Cause,
    Check,
    LoanPair,
    OpenRow,
    Reconciliation,
    RollForward,
    SourceTotals,
    SubLedger,
    Tolerances,
    Verdict,
    worst,
)

__all__ = ["cause_of", "reconcile", "sub_ledger_check"]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How one column pair is read and graded; `grade` gives None where the source is silent."""

    name: str
    values: Callable[[LoanPair], tuple[object, object]]
    grade: Callable[[LoanPair, Tolerances], Verdict | None]


def reconcile(
    as_ofs: Sequence[date],
    totals: Sequence[SourceTotals],
    differing: Iterable[LoanPair],
    roll_forwards: Sequence[RollForward],
    tolerances: Tolerances,
) -> Reconciliation:
    """Grade every check.

    Args:
        as_ofs: the as-of dates compared.
        totals: one per source file that reports at one of them.
        differing: the rows in which anything differs at all; every other row is exact.
        roll_forwards: one per as-of date and currency.
        tolerances: what counts as close, and the policy's edges.

    """
    pairs = list(differing)
    checks = [_roll_forward_check(roll_forwards)]
    for total in totals:
        mine = [pair for pair in pairs if pair.source == total.source]
        checks += [
            _check(comparison, total, mine, tolerances) for comparison in _comparisons(total)
        ]
    if not totals:
        days = ", ".join(day.isoformat() for day in as_ofs[-3:])
        checks.append(
            Check(
                name="balance",
                source="loan_par_balances",
                ours=None,
                theirs=None,
                verdict=None,
                rows=0,
                reason=f"the source reports no balances at {days}",
            )
        )
    return Reconciliation(tuple(as_ofs), tuple(checks), tuple(roll_forwards))


def cause_of(pair: LoanPair, tolerances: Tolerances) -> Cause:
    """Name the one cause of a differing row, the most certain first."""
    theirs = pair.source_balance
    if _is_dust(pair, tolerances):
        return Cause.DUST
    if not pair.in_source:
        return Cause.MISSING_IN_SOURCE
    if not pair.in_ours:
        return Cause.MISSING_IN_OURS
    if theirs is not None and theirs != pair.our_balance:
        # The source still shows what our previous batch showed: the export changed its history.
        return Cause.RESTATED if theirs == pair.earlier_balance else Cause.UNEXPLAINED
    if pair.source_dpd is not None and pair.source_dpd != pair.our_dpd:
        return Cause.AS_OF if _counts_past_the_data(pair) else Cause.UNEXPLAINED
    return Cause.BOUNDARY if _on_an_edge(pair.our_dpd, tolerances) else Cause.UNEXPLAINED


def _is_dust(pair: LoanPair, tolerances: Tolerances) -> bool:
    """No more than a cent on either side, and no more than a cent between them."""
    theirs = pair.source_balance or Decimal(0)
    return max(abs(pair.our_balance), abs(theirs), abs(pair.our_balance - theirs)) <= (
        tolerances.close_per_loan
    )


def _counts_past_the_data(pair: LoanPair) -> bool:
    """The source counts days to the label; we stop where the data end (domain.md)."""
    ahead = (pair.as_of - pair.cut_on).days
    return ahead > 0 and (pair.source_dpd or 0) - pair.our_dpd == ahead


def _on_an_edge(dpd: int, tolerances: Tolerances) -> bool:
    """Our days past due equal an edge, where `>` and `>=` part."""
    edge = tolerances.write_off_after_dpd
    return dpd in {*RUNGS, edge, edge + 1, *tolerances.bucket_bounds}


def _comparisons(total: SourceTotals) -> list[_Comparison]:
    comparisons = [
        _Comparison("balance", lambda pair: (pair.our_balance, pair.source_balance), _balance),
        _Comparison("dpd", lambda pair: (pair.our_dpd, pair.source_dpd), _dpd),
        _Comparison("bucket", lambda pair: (pair.our_dpd, pair.source_dpd), _bucket),
    ]
    if total.source_at_risk[0] is None:
        return comparisons
    comparisons.append(
        _Comparison(
            "write_off",
            lambda pair: (pair.our_written_off, pair.source_written_off),
            _write_off,
        )
    )
    return comparisons + [_at_risk(position, days) for position, days in enumerate(RUNGS)]


def _check(
    comparison: _Comparison,
    total: SourceTotals,
    pairs: Sequence[LoanPair],
    tolerances: Tolerances,
) -> Check:
    graded = [
        (pair, verdict)
        for pair in pairs
        if (verdict := comparison.grade(pair, tolerances)) not in {None, Verdict.EXACT}
    ]
    causes = Counter(cause_of(pair, tolerances) for pair, _ in graded)
    open_rows = tuple(
        _open_row(comparison, pair, tolerances)
        for pair, verdict in graded
        if verdict is Verdict.OPEN
    )
    ours, theirs = _sums(comparison.name, total)
    return Check(
        name=comparison.name,
        source=total.source,
        ours=ours,
        theirs=theirs,
        verdict=worst(verdict for _, verdict in graded if verdict) or Verdict.EXACT,
        rows=total.rows if ours is not None else total.rows_in_both,
        close=len(graded) - len(open_rows),
        causes=tuple(sorted(causes.items())),
        open_rows=open_rows,
    )


def _sums(name: str, total: SourceTotals) -> tuple[Decimal | None, Decimal | None]:
    if name == "balance":
        return total.our_balance, total.source_balance
    if name.startswith("par_"):
        rung = RUNGS.index(int(name.removeprefix("par_")))
        return total.our_at_risk[rung], total.source_at_risk[rung]
    return None, None


def _money(ours: Decimal, theirs: Decimal | None, tolerances: Tolerances) -> Verdict:
    variance = abs(ours - (theirs or 0))
    if variance == 0:
        return Verdict.EXACT
    return Verdict.CLOSE if variance <= tolerances.close_per_loan else Verdict.OPEN


def _balance(pair: LoanPair, tolerances: Tolerances) -> Verdict:
    if not (pair.in_source and pair.in_ours) and not _is_dust(pair, tolerances):
        return Verdict.OPEN
    return _money(pair.our_balance, pair.source_balance, tolerances)


def _dpd(pair: LoanPair, tolerances: Tolerances) -> Verdict | None:
    return _flag(pair, pair.our_dpd == pair.source_dpd, tolerances)


def _bucket(pair: LoanPair, tolerances: Tolerances) -> Verdict | None:
    def bucket(dpd: int) -> int:
        return sum(dpd > bound for bound in tolerances.bucket_bounds)

    return _flag(pair, bucket(pair.our_dpd) == bucket(pair.source_dpd or 0), tolerances)


def _write_off(pair: LoanPair, tolerances: Tolerances) -> Verdict | None:
    return _flag(pair, pair.our_written_off == pair.source_written_off, tolerances)


def _flag(pair: LoanPair, agrees: bool, tolerances: Tolerances) -> Verdict | None:  # noqa: FBT001
    """Grade what either agrees or not; a loan that one side lacks is the balance check's affair."""
    if not (pair.in_source and pair.in_ours):
        return None
    if agrees:
        return Verdict.EXACT
    return Verdict.CLOSE if _is_dust(pair, tolerances) else Verdict.OPEN


def _at_risk(position: int, days: int) -> _Comparison:
    def values(pair: LoanPair) -> tuple[object, object]:
        return pair.our_at_risk[position], pair.source_at_risk[position]

    def grade(pair: LoanPair, tolerances: Tolerances) -> Verdict:
        return _money(pair.our_at_risk[position], pair.source_at_risk[position], tolerances)

    return _Comparison(f"par_{days}", values, grade)


def _open_row(comparison: _Comparison, pair: LoanPair, tolerances: Tolerances) -> OpenRow:
    ours, theirs = comparison.values(pair)
    return OpenRow(
        check=f"{pair.source}.{comparison.name}",
        as_of=pair.as_of,
        loan_id=pair.loan_id,
        ours=str(ours),
        theirs="not reported" if theirs is None else str(theirs),
        cause=cause_of(pair, tolerances),
    )


def _roll_forward_check(roll_forwards: Sequence[RollForward]) -> Check:
    """Check opening + disbursed - principal paid against closing, each date and currency."""
    open_rows = tuple(
        OpenRow(
            check="roll_forward",
            as_of=row.as_of,
            loan_id=row.currency,
            ours=str(row.closing),
            theirs=str(row.expected),
            cause=Cause.UNEXPLAINED,
        )
        for row in roll_forwards
        if row.closing != row.expected
    )
    return Check(
        name="roll_forward",
        source=LEDGER,
        ours=sum((row.closing * row.rate for row in roll_forwards), Decimal(0)),
        theirs=sum((row.expected * row.rate for row in roll_forwards), Decimal(0)),
        verdict=Verdict.OPEN if open_rows else Verdict.EXACT,
        rows=len(roll_forwards),
        causes=((Cause.UNEXPLAINED, len(open_rows)),) if open_rows else (),
        open_rows=open_rows,
        ring=LEDGER,
    )


def sub_ledger_check(sums: Sequence[SubLedger]) -> Check:
    """Check the loans, added up one by one, against the ledger, each date and currency."""
    open_rows = tuple(
        OpenRow(
            check="sub_ledger",
            as_of=row.as_of,
            loan_id=row.currency,
            ours=f"{row.own} of {row.loans} loans, read as {row.converted}",
            theirs=f"{row.ledger} at {row.rate}",
            cause=Cause.UNEXPLAINED,
        )
        for row in sums
        if not row.agrees
    )
    return Check(
        name="sub_ledger",
        source=LEDGER,
        ours=sum((row.own * row.rate for row in sums), Decimal(0)),
        theirs=sum((row.ledger * row.rate for row in sums), Decimal(0)),
        verdict=Verdict.OPEN if open_rows else Verdict.EXACT,
        rows=len(sums),
        causes=((Cause.UNEXPLAINED, len(open_rows)),) if open_rows else (),
        open_rows=open_rows,
        ring=LEDGER,
    )
