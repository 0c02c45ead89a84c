"""The landed rows, in the order in which the second engine reads them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.landed import (
    LOAN_COLUMNS,
    SCHEDULE_COLUMNS,
    TRANSACTION_COLUMNS,
    Landed,
    Row,
)
from fintech_factory.warehouse.protocol import Reader

__all__ = ["landed_rows"]

_PLACES = (
    "SELECT location_state_province, COUNT(*) FROM raw_loans "
    "WHERE location_state_province IS NOT NULL GROUP BY location_state_province"
)
_AMOUNTS = frozenset(
    {
        *("disburse_principal", "total_interest", "total_fees"),
        *("principal", "interest", "fees", "other", "to_tax"),
    }
)
_MOST_KNOWN = 100_000


def landed_rows(reader: Reader) -> Landed:
    """Stream the raw tables by borrower and loan.

    Plain scans: a row's borrower is looked up to order by it, and nothing is computed. Amounts
    come as their exact text, of which an engine's client makes a Decimal far more slowly than
    Python does.
    """
    amounts = _Amounts()
    loans = f"SELECT {_listed('l', LOAN_COLUMNS)} FROM raw_loans AS l "  # noqa: S608 - our own column names
    return Landed(
        loans=_exact(
            reader.stream(f"{loans}ORDER BY l.customer_id, l.line_no"), LOAN_COLUMNS, amounts
        ),
        schedules=_exact(
            reader.stream(_by_borrower("raw_schedules", SCHEDULE_COLUMNS)),
            SCHEDULE_COLUMNS,
            amounts,
        ),
        transactions=_exact(
            reader.stream(_by_borrower("raw_transactions", TRANSACTION_COLUMNS)),
            TRANSACTION_COLUMNS,
            amounts,
        ),
        segments=dict(reader.query("SELECT customer_id, customer_type FROM raw_customers")),
        rates=reader.query("SELECT currency, rate_on, rate FROM raw_fx_rates"),
        places=reader.query(_PLACES),
    )


def _by_borrower(table: str, columns: Sequence[str]) -> str:
    return (
        f"SELECT {_listed('x', columns)} FROM {table} AS x "  # noqa: S608 - our own column names
        "INNER JOIN raw_loans AS l ON l.line_no = x.loan_key "
        "ORDER BY l.customer_id, x.loan_key, x.line_no"
    )


def _listed(alias: str, columns: Sequence[str]) -> str:
    named = ((name, f"{alias}.{name}") for name in columns)
    return ", ".join(f"CAST({at} AS VARCHAR)" if name in _AMOUNTS else at for name, at in named)


class _Amounts(dict[str | None, Decimal | None]):
    """Reads each amount's text once; most cells of a tape hold one of a few, 0 above all."""

    def __missing__(self, text: str | None) -> Decimal | None:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[text] = amount = None if text is None else Decimal(text)
        return amount


def _exact(rows: Iterable[Row], columns: Sequence[str], amounts: _Amounts) -> Iterator[Row]:
    """Give the rows with their amounts as Decimal."""
    first, *_ = places = [place for place, name in enumerate(columns) if name in _AMOUNTS]
    end, read = places[-1] + 1, amounts.__getitem__
    if places == list(range(first, end)):
        return ((*row[:first], *map(read, row[first:end]), *row[end:]) for row in rows)
    return (_replaced(row, places, read) for row in rows)


def _replaced(row: Row, places: Sequence[int], read: Callable[[str | None], Any]) -> Row:
    cells = list(row)
    for place in places:
        cells[place] = read(cells[place])
    return cells
