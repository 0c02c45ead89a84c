"""Makes one day's ledger of two exports, to tell what the newer one says differently."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from fintech_factory.kpi_engine import Reading
from fintech_factory.pipeline.day import Book, measure
from fintech_factory.views.makers.restatement import LoanState, Restated
from fintech_factory.warehouse.protocol import Build, Reader

__all__ = ["restate"]


def restate(
    then: Book, now: Book, as_of: date, scratch: Callable[[], AbstractContextManager[Build]]
) -> Restated:
    """Compute both books at one date, by today's definitions and rules; publishes nothing."""
    before, after = (_measured(book, as_of, scratch) for book in (then, now))
    return Restated(
        then_batch=then.batch.batch_id,
        now_batch=now.batch.batch_id,
        then=before[0],
        now=after[0],
        then_readings=before[1],
        now_readings=after[1],
    )


def _measured(
    book: Book, as_of: date, scratch: Callable[[], AbstractContextManager[Build]]
) -> tuple[dict[str, LoanState], tuple[Reading, ...]]:
    with scratch() as build:
        _, readings = measure(build, book, as_of)
        return _loans(build, as_of), readings


def _loans(reader: Reader, as_of: date) -> dict[str, LoanState]:
    """Give every loan disbursed by a date; one that is repaid has the balance 0."""
    rows = reader.query(
        "SELECT loan_id, principal, balance, dpd, is_written_off FROM loan_lifetime "
        "WHERE as_of = ? ORDER BY loan_id",
        [as_of],
    )
    return {loan_id: LoanState(*state) for loan_id, *state in rows}
