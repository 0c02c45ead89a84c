"""Rebuilds each model's rows, loan by loan, from the rows as they were landed."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.account import open_account
from fintech_factory.kpi_engine.landed import Landed, PerLoan
from fintech_factory.kpi_engine.loan_book import Desk, LoanBook, Position
from fintech_factory.kpi_engine.models import (
    LOAN_DUE,
    LOAN_LIFETIME,
    LOAN_MONTH,
    LOAN_ROLL,
    LOAN_SNAPSHOT,
    Model,
)
from fintech_factory.kpi_engine.rates import Rates
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.kpi_engine.snapshots import Snapshots, month_no
from fintech_factory.kpi_engine.traits import Traits, with_kind
from fintech_factory.values import LedgerRules

__all__ = ["RECORDS", "LoanRecord", "loan_books", "loan_records"]

LoanRecord = tuple[Any, ...]
"""The cells of one loan at one date, in the order of its model's columns."""

Records = Iterator[tuple[int, LoanRecord]]
"""(number of the date in `scope.answerable()`, record)."""

_ZERO = Decimal(0)


def loan_books(landed: Landed, scope: Scope, rules: LedgerRules) -> Iterator[LoanBook]:
    """Open each landed loan; a borrower's come together.

    WarehouseError if rows are out of order, orphaned, or in a currency without a rate.
    """
    snapshots = Snapshots.of(scope, rules)
    rates = Rates(landed.rates, rules.reporting_currency, snapshots.days)
    traits = Traits(snapshots.cuts, rules, landed.segments, landed.places, rates)
    desk = Desk(snapshots, rules, rates, traits)
    schedules = PerLoan("schedules", landed.schedules)
    transactions = PerLoan("transactions", landed.transactions)
    for loan, kind in with_kind(landed.loans, rules.reactivated_after_days):
        rows = schedules.of(loan.line_no), transactions.of(loan.line_no)
        account = open_account(loan.disburse_principal, loan.disburse_date, *rows)
        yield LoanBook(desk, loan, kind, account)
    schedules.finish()
    transactions.finish()


def loan_records(
    landed: Landed, scope: Scope, rules: LedgerRules, model: Model = LOAN_SNAPSHOT
) -> Records:
    """Give one model's records of every loan."""
    for book in loan_books(landed, scope, rules):
        yield from RECORDS[model.name](book)


def _snapshot(book: LoanBook) -> Records:
    """Give the dates on which the loan has a balance or has moved."""
    desk = book.desk
    snapshots, rules, rates = desk.snapshots, desk.rules, book.rates
    for at in snapshots.asked(book.first, book.quiet_from):
        day = snapshots.as_ofs[at]
        balance, dpd, dpd_on = book.position(day)
        flows = book.flows(day)
        if not balance and not flows.moved:
            continue
        is_new = book.is_new(day)
        amounts = (
            book.account.principal,
            balance,
            flows.cash_30d,
            flows.cash_month,
            flows.interest_month,
            flows.fees_month,
            flows.due_month,
            flows.due_to_date,
            book.account.principal if is_new else _ZERO,
        )
        if rates is not None:
            amounts = tuple([book.money(amount, day) for amount in amounts])  # type: ignore[assignment]
        principal, balance, *moved = amounts
        is_off = dpd > rules.write_off_after_dpd
        yield (
            at,
            (
                snapshots.days[day],
                *book.who,
                principal,
                balance,
                _ZERO if is_off else balance,
                balance if is_off else _ZERO,
                dpd,
                dpd_on,
                _bucket(rules, dpd),
                is_off,
                *moved,
                1 if is_new else 0,
            ),
        )


def _bucket(rules: LedgerRules, dpd: int) -> str:
    return rules.bucket_labels[bisect_left(rules.bucket_bounds, dpd)]


def _roll(book: LoanBook) -> Records:
    """Give the dates on which the loan has a balance or had one when the month began."""
    snapshots, rules = book.desk.snapshots, book.desk.rules
    # What was owed at one month-end is looked back at from the next month's dates.
    for at in range(bisect_left(snapshots.as_ofs, book.first), len(snapshots.as_ofs)):
        day, opening = snapshots.as_ofs[at], snapshots.openings[at]
        before = book.position(-1 if opening is None else opening)
        now = book.position(day)
        if not before.balance and not now.balance:
            if day >= book.quiet_from:
                return
            continue
        flows = book.flows(day)
        # Both ends at the date's own rate, so that what moved is money and not the rate.
        opened, balance = book.money(before.balance, day), book.money(now.balance, day)
        was_off, is_off = (each.dpd > rules.write_off_after_dpd for each in (before, now))
        bucket = _bucket(rules, now.dpd)
        disbursed = book.account.principal if book.is_new(day) else _ZERO
        yield (
            at,
            (
                snapshots.days[day],
                *book.who,
                opened,
                _ZERO if was_off else opened,
                before.dpd,
                _bucket(rules, before.dpd),
                was_off,
                balance,
                _ZERO if is_off else balance,
                now.dpd,
                bucket,
                is_off,
                "repaid" if not balance else "written off" if is_off else bucket,
                book.money(disbursed, day),
                book.money(flows.principal_month, day),
                book.money(flows.cash_month, day),
                *(book.money(amount, day) for amount in _prepaid(book, day, before, now)),
            ),
        )


def _prepaid(book: LoanBook, day: int, before: Position, now: Position) -> tuple[Decimal, Decimal]:
    """Give what of the opening falls due after the month, and what of that is gone.

    Cash pays the oldest instalment first: what is owed stands in the last ones.
    """
    desk, account = book.desk, book.account
    if before.balance <= 0 or before.dpd > desk.rules.write_off_after_dpd:
        return _ZERO, _ZERO
    due_by_end = bisect_right(account.due_on, desk.snapshots.month_ends[day])
    later = account.due_principal[-1] - account.due_principal[due_by_end]
    prepayable = min(before.balance, max(later, _ZERO))
    return prepayable, prepayable - min(max(now.balance, _ZERO), prepayable)


def _lifetime(book: LoanBook) -> Records:
    """Give every date from the loan's disbursement on."""
    snapshots, loan = book.desk.snapshots, book.loan
    terms = book.desk.traits.terms(loan)
    begun = month_no(loan.disburse_date)
    quarter = date(loan.disburse_date.year, (loan.disburse_date.month - 1) // 3 * 3 + 1, 1)
    own = (book.account.principal, terms.cost, terms.annual_cost)
    for at in snapshots.asked(book.first, len(snapshots.days)):
        day = snapshots.as_ofs[at]
        principal, cost, annual = own if book.rates is None else _at_rate(book, own, day)
        balance, dpd, _ = book.position(day)
        balance = book.money(balance, day)
        is_off = dpd > book.desk.rules.write_off_after_dpd
        months = snapshots.month_nos[day] - begun
        yield (
            at,
            (
                snapshots.days[day],
                *book.who,
                quarter,
                book.kind,
                terms.term_days,
                principal,
                cost,
                annual,
                None if terms.term_days is None else principal * terms.term_days,
                months,
                months if snapshots.cuts[day] == snapshots.month_ends[day] else months - 1,
                months == 0,
                balance,
                _ZERO if is_off else balance,
                dpd,
                is_off,
            ),
        )


def _at_rate(
    book: LoanBook, own: tuple[Decimal, Decimal, Decimal | None], day: int
) -> tuple[Decimal, Decimal, Decimal | None]:
    principal, cost, annual = own
    return (
        book.money(principal, day),
        book.money(cost, day),
        None if annual is None else book.money(annual, day),
    )


def _due(book: LoanBook) -> Records:
    """Give the dates up to which an instalment has fallen due in the month.

    Cash pays the oldest instalment first: what it pays of the month's is what the earlier ones
    leave, up to all of them.
    """
    snapshots, account = book.desk.snapshots, book.account
    for at in snapshots.asked(book.first, book.quiet_from):
        day = snapshots.as_ofs[at]
        cut = snapshots.cuts[day]
        before = account.due_total[bisect_left(account.due_on, snapshots.month_starts[day])]
        due = account.due_total[bisect_right(account.due_on, cut)] - before
        if due <= 0:
            continue
        # A rebate that is scheduled before is no cash.
        left = account.paid_total[bisect_right(account.paid_on, cut)] - max(before, _ZERO)
        paid = min(max(left, _ZERO), due)
        cells = (book.money(due, day), book.money(paid, day))
        yield at, (snapshots.days[day], *book.who, *cells)


def _month(book: LoanBook) -> Records:
    """Give the full months compared with each date, if the loan was disbursed or owed in them."""
    snapshots = book.desk.snapshots
    for day in range(book.first, book.quiet_from):
        targets = snapshots.compared.get(day, ())
        if not targets:
            continue
        balance, dpd, _ = book.position(day)
        is_off = dpd > book.desk.rules.write_off_after_dpd
        outstanding = _ZERO if is_off else book.money(balance, day)
        is_new = book.is_new(day)
        if not outstanding and not is_new:
            continue
        disbursed = book.money(book.account.principal, day) if is_new else _ZERO
        cells = (outstanding, outstanding > 0, disbursed, 1 if is_new else 0)
        for at, before in targets:
            as_of = snapshots.days[snapshots.as_ofs[at]]
            yield at, (as_of, *book.who, before, snapshots.days[day], *cells)


RECORDS: Mapping[str, Callable[[LoanBook], Records]] = {
    LOAN_SNAPSHOT.name: _snapshot,
    LOAN_ROLL.name: _roll,
    LOAN_LIFETIME.name: _lifetime,
    LOAN_DUE.name: _due,
    LOAN_MONTH.name: _month,
}
"""The records of one loan, by model."""
