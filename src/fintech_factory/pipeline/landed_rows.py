"""The landed rows, in the order in which the second engine reads them."""

from fintech_factory.kpi_engine.landed import (
    LOAN_COLUMNS,
    SCHEDULE_COLUMNS,
    TRANSACTION_COLUMNS,
    Landed,
)
from fintech_factory.warehouse.protocol import Reader

__all__ = ["landed_rows"]

_PLACES = (
    "SELECT location_state_province, COUNT(*) FROM raw_loans "
    "WHERE location_state_province IS NOT NULL GROUP BY location_state_province"
)


def landed_rows(reader: Reader) -> Landed:
    """Stream the raw tables by borrower and loan.

    Plain scans: a row's borrower is looked up to order by it, and nothing is computed.
    """
    return Landed(
        loans=reader.stream(
            f"SELECT {', '.join(LOAN_COLUMNS)} FROM raw_loans ORDER BY customer_id, line_no"  # noqa: S608 - our own column names
        ),
        schedules=reader.stream(_by_borrower("raw_schedules", SCHEDULE_COLUMNS)),
        transactions=reader.stream(_by_borrower("raw_transactions", TRANSACTION_COLUMNS)),
        segments=dict(reader.query("SELECT customer_id, customer_type FROM raw_customers")),
        rates=reader.query("SELECT currency, rate_on, rate FROM raw_fx_rates"),
        places=reader.query(_PLACES),
    )


def _by_borrower(table: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(f"x.{column}" for column in columns)
    return (
        f"SELECT {listed} FROM {table} AS x "  # noqa: S608 - our own column names
        "INNER JOIN raw_loans AS l ON l.line_no = x.loan_key "
        "ORDER BY l.customer_id, x.loan_key, x.line_no"
    )
