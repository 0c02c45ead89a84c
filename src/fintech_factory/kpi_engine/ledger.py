"""Rebuilds each loan's state at each as-of date from the rows as they were landed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.account import Account, open_account
from fintech_factory.kpi_engine.models import NOT_PROVIDED
from fintech_factory.kpi_engine.rates import Rates, converted
from fintech_factory.kpi_engine.scope import Scope, month_end, month_start
from fintech_factory.values import LedgerRules

__all__ = [
    "LOAN_COLUMNS",
    "SCHEDULE_COLUMNS",
    "TRANSACTION_COLUMNS",
    "Landed",
    "LoanRecord",
    "loan_records",
]

LOAN_COLUMNS = (
    "line_no",
    "loan_id",
    "customer_id",
    "company",
    "product_type",
    "currency",
    "disburse_date",
    "disburse_principal",
)
SCHEDULE_COLUMNS = ("loan_key", "date_due", "principal", "interest", "fees", "other", "to_tax")
TRANSACTION_COLUMNS = (
    "loan_key",
    "transaction_type",
    "date_paid",
    "principal",
    "interest",
    "fees",
    "other",
    "to_tax",
)
Row = Sequence[Any]
LoanRecord = tuple[Any, ...]
"""The cells of one loan at one date, in the order of `loan_snapshot`'s columns."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Landed:
    """The landed rows, streamed.

    `loans`, `schedules` and `transactions` give rows of `LOAN_COLUMNS`, `SCHEDULE_COLUMNS`
    and `TRANSACTION_COLUMNS`, all three ordered by the loan's customer_id (NULLs together,
    first or last), then any one order of loans. `segments` maps customer_id to customer_type;
    `rates` gives (currency, rate_on, rate) in any order.
    """

    loans: Iterable[Row]
    schedules: Iterable[Row]
    transactions: Iterable[Row]
    segments: Mapping[str, str | None]
    rates: Iterable[tuple[str, date, Decimal]] = ()


def loan_records(
    landed: Landed, scope: Scope, rules: LedgerRules
) -> Iterator[tuple[int, LoanRecord]]:
    """Give each loan's record at each as-of date on which it has a balance or moved.

    The number is the date's place in `scope.answerable()`. A borrower's loans come together.
    WarehouseError if rows are out of order, orphaned, or in a currency without a rate.
    """
    calendar = _Calendar.of(scope, rules)
    rates = Rates(landed.rates, rules.reporting_currency, calendar.as_ofs)
    schedules = _PerLoan("schedules", landed.schedules)
    transactions = _PerLoan("transactions", landed.transactions)
    books = _Books(calendar, rates, rules, landed.segments)
    order = _BorrowerOrder()
    for loan in landed.loans:
        order.check(loan[2])
        account = open_account(loan, schedules.of(loan[0]), transactions.of(loan[0]))
        yield from books.records(loan, account)
    schedules.finish()
    transactions.finish()


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The as-of dates and the windows that each of them opens, all ascending."""

    as_ofs: tuple[date, ...]
    cuts: tuple[date, ...]
    windows: tuple[date, ...]
    month_starts: tuple[date, ...]
    month_ends: tuple[date, ...]
    quiet_before: tuple[date, ...]

    @staticmethod
    def of(scope: Scope, rules: LedgerRules) -> "_Calendar":
        as_ofs = scope.answerable()
        window = timedelta(days=rules.collection_window_days)
        windows = tuple(day - window for day in as_ofs)
        starts = tuple(month_start(day) for day in as_ofs)
        return _Calendar(
            as_ofs=as_ofs,
            cuts=tuple(scope.cut_on(day) for day in as_ofs),
            windows=windows,
            month_starts=starts,
            month_ends=tuple(month_end(day) for day in as_ofs),
            # The collection window leaves its first day out, the month does not.
            quiet_before=tuple(
                min(opened + timedelta(days=1), start)
                for opened, start in zip(windows, starts, strict=True)
            ),
        )


class _BorrowerOrder:
    """Sees that a borrower whose loans have ended does not come back."""

    def __init__(self) -> None:
        self._now: str | None = ""
        self._greatest = ""
        self._nobody_came = False

    def check(self, borrower: str | None) -> None:
        """Take the next loan's borrower; loans without one come together as well."""
        if borrower == self._now:
            return
        if borrower is None:
            late, self._nobody_came = self._nobody_came, True
        else:
            late, self._greatest = borrower < self._greatest, borrower
        if late:
            raise _disorder("a borrower's loans do not come together")
        self._now = borrower


def _disorder(what: str) -> WarehouseError:
    return WarehouseError(
        what,
        where="second engine",
        hint="order loans, schedules and transactions alike: by customer_id, then loan_id",
    )


class _PerLoan:
    """Walks a stream of rows beside the loans; nothing may be left over."""

    def __init__(self, table: str, rows: Iterable[Row]) -> None:
        self._table = table
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, loan_key: int) -> list[Row]:
        """Give the rows of the loan that stands next in the stream, if it is this one."""
        if self._next is None or self._next[0] != loan_key:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def finish(self) -> None:
        """Refuse a stream of which rows were never asked for."""
        if self._next is not None:
            raise _disorder(f"{self._table} has rows of loan_key {self._next[0]} out of order")


class _Books:
    """Writes a loan's records: where its steps stand at each date of the calendar."""

    def __init__(
        self,
        calendar: _Calendar,
        rates: Rates,
        rules: LedgerRules,
        segments: Mapping[str, str | None],
    ) -> None:
        self._calendar = calendar
        self._rates = rates
        self._rules = rules
        self._segments = segments

    def records(self, loan: Row, account: Account) -> Iterator[tuple[int, LoanRecord]]:
        """Give (place of the date, record) for each date on which the loan is in the book."""
        calendar = self._calendar
        first = bisect_left(calendar.cuts, loan[6])
        last = len(calendar.cuts)
        if account.principal == account.paid_principal[-1]:
            # Nothing is owed after the last payment: the loan is gone once its windows are.
            last = bisect_right(calendar.quiet_before, account.last_event)
        rates = self._rates.of(loan[5])
        segment = self._segments.get(loan[2])
        for at in range(first, last):
            amounts, moved = self._amounts(loan[6], account, at)
            if not moved and not amounts[0]:
                continue
            if rates is not None:
                amounts = tuple(converted(amount, rates[at]) for amount in amounts)
            yield at, self._record(loan, segment, account, at, amounts)

    def _amounts(
        self, disbursed_on: date, account: Account, at: int
    ) -> tuple[tuple[Decimal, ...], bool]:
        """Give the amounts at a date, and whether anything fell into its windows.

        They are balance, cash_30d, cash_month, due_month, due_to_date, disbursed_month.
        """
        calendar = self._calendar
        cut, begun = calendar.cuts[at], calendar.month_starts[at]
        paid_on, paid = account.paid_on, account.paid_total
        due_on, due = account.due_on, account.due_total
        paid_by_cut = bisect_right(paid_on, cut)
        paid_by_label = bisect_right(paid_on, calendar.as_ofs[at])
        paid_by_window = bisect_right(paid_on, calendar.windows[at])
        paid_by_month = bisect_left(paid_on, begun)
        due_by_month = bisect_left(due_on, begun)
        due_by_end = bisect_right(due_on, calendar.month_ends[at])
        is_new = disbursed_on >= begun
        amounts = (
            account.principal - account.paid_principal[paid_by_cut],
            paid[paid_by_label] - paid[paid_by_window],
            paid[paid_by_cut] - paid[paid_by_month],
            due[due_by_end] - due[due_by_month],
            due[bisect_right(due_on, cut)] - due[due_by_month],
            account.principal if is_new else _ZERO,
        )
        moved = (
            is_new
            or paid_by_label > paid_by_window
            or paid_by_cut > paid_by_month
            or due_by_end > due_by_month
        )
        return amounts, moved

    def _record(
        self,
        loan: Row,
        segment: str | None,
        account: Account,
        at: int,
        amounts: tuple[Decimal, ...],
    ) -> LoanRecord:
        rules, calendar = self._rules, self._calendar
        cut = calendar.cuts[at]
        # A loan of which nothing is unpaid is not past due, whatever its schedule says (A22).
        dpd_on = account.oldest_uncovered(cut, rules.coverage_tolerance) if amounts[0] else None
        dpd = 0 if dpd_on is None else (cut - dpd_on).days
        is_written_off = dpd > rules.write_off_after_dpd
        balance, cash_30d, cash_month, due_month, due_to_date, disbursed_month = amounts
        rates = self._rates.of(loan[5])
        return (
            calendar.as_ofs[at],
            loan[0],
            loan[1],
            loan[2],
            loan[3] or NOT_PROVIDED,
            loan[4] or NOT_PROVIDED,
            segment or NOT_PROVIDED,
            loan[5],
            loan[6],
            account.principal if rates is None else converted(account.principal, rates[at]),
            balance,
            _ZERO if is_written_off else balance,
            balance if is_written_off else _ZERO,
            dpd,
            dpd_on,
            rules.bucket_labels[bisect_left(rules.bucket_bounds, dpd)],
            is_written_off,
            cash_30d,
            cash_month,
            due_month,
            due_to_date,
            disbursed_month,
            1 if loan[6] >= calendar.month_starts[at] else 0,
        )
