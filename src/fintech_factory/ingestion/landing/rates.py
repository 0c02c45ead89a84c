# ruff: noqa: S608 - names go through ident(), texts through literal()
"""What each currency was worth in the reporting currency, by day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.statements import literal

if TYPE_CHECKING:
    import duckdb

    from fintech_factory.config import FactorySettings

__all__ = ["Rate", "land_rates", "rates_in", "to_reporting"]

_PLACES = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of a currency in the reporting currency, on one day."""

    currency: str
    rate_on: date
    rate: Decimal


def rates_in(connection: "duckdb.DuckDBPyConnection", relation: str) -> list[Rate]:
    """Read the source's own rates to US dollars; of several for one day, the most frequent."""
    found = connection.execute(
        "SELECT loan_ccy, reporting_date, xchg_rate_to_usd FROM ("
        " SELECT loan_ccy, reporting_date, xchg_rate_to_usd, count(*) AS n"
        f" FROM {relation} WHERE xchg_rate_to_usd > 0 AND loan_ccy IS NOT NULL"
        " AND reporting_date IS NOT NULL GROUP BY ALL)"
        " QUALIFY row_number() OVER (PARTITION BY loan_ccy, reporting_date"
        " ORDER BY n DESC, xchg_rate_to_usd) = 1 ORDER BY ALL"
    ).fetchall()
    return [Rate(*row) for row in found]


def to_reporting(to_dollars: Iterable[Rate], settings: "FactorySettings") -> list[Rate]:
    """Turn dollar rates into rates to the reporting currency; the settings' own rates win."""
    reporting = settings.currency.reporting
    dollars = list(to_dollars)
    base: Mapping[date, Decimal] = {
        each.rate_on: each.rate for each in dollars if each.currency == reporting
    }
    rates: dict[tuple[str, date], Decimal] = {}
    for each in dollars:
        # Without that day's own rate of the reporting currency there is nothing to divide by.
        divisor = Decimal(1) if reporting == "USD" else base.get(each.rate_on)
        if each.currency != reporting and divisor:
            rates[each.currency, each.rate_on] = (each.rate / divisor).quantize(_PLACES)
    if reporting != "USD":
        rates |= {("USD", day): (1 / rate).quantize(_PLACES) for day, rate in base.items()}
    for own in settings.currency.rates:
        rates[own.currency, own.from_] = own.rate
    return [Rate(currency, day, rate) for (currency, day), rate in sorted(rates.items())]


def land_rates(connection: "duckdb.DuckDBPyConnection", rates: Iterable[Rate], path: Path) -> None:
    """Write the rates as fx_rates.parquet."""
    connection.execute(
        "CREATE OR REPLACE TABLE fx_rates (currency VARCHAR, rate_on DATE, rate DECIMAL(18,8))"
    )
    rows = [(each.currency, each.rate_on, each.rate) for each in rates]
    if rows:
        connection.executemany("INSERT INTO fx_rates VALUES (?, ?, ?)", rows)
    connection.execute(
        f"COPY (SELECT * FROM fx_rates ORDER BY ALL) TO {literal(str(path))} (FORMAT parquet)"
    )
