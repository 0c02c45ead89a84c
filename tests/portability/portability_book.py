"""A small book that holds every case the ledger's rules speak of, as landed files."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from fintech_factory.testing import RULES
from fintech_factory.transform.dates import Horizon, load_parameters
from fintech_factory.warehouse.duckdb import DuckDBBuild

__all__ = ["AS_OFS", "RULES", "TABLES", "Book", "attach", "land", "make_book"]

DATA_THROUGH = date(2024, 12, 10)
# The last is labelled later than the data reach; the first comes before most loans.
AS_OFS = (
    date(2024, 2, 29),
    date(2024, 5, 31),
    date(2024, 8, 31),
    date(2024, 11, 30),
    DATA_THROUGH,
    date(2024, 12, 31),
)
FIRST_DAY = date(2024, 1, 2)
_CENT = Decimal("0.01")
_SILENCE = 260
# One statement of many rows: a row at a time costs DuckDB about a millisecond each.
_CHUNK = 500
_MONEY = "DECIMAL(18, 6)"
_RATE = "DECIMAL(18, 8)"
_FLOW = {
    "line_no": "BIGINT",
    "loan_key": "BIGINT",
    "loan_id": "VARCHAR",
    "transaction_type": "VARCHAR",
    "date_paid": "DATE",
    "date_due": "DATE",
    "principal": _MONEY,
    "interest": _MONEY,
    "other": _MONEY,
    "fees": _MONEY,
    "to_tax": _MONEY,
    "add_balance": _MONEY,
    "reduce_balance": _MONEY,
    "currency": "VARCHAR",
}
# The landed tables and their types; a column that a row does not name is NULL.
TABLES: dict[str, dict[str, str]] = {
    "loans": {
        "line_no": "BIGINT",
        "loan_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "company": "VARCHAR",
        "product_type": "VARCHAR",
        "currency": "VARCHAR",
        "application_date": "DATE",
        "disburse_date": "DATE",
        "maturity_date": "DATE",
        "pledge_date": "DATE",
        "disburse_principal": _MONEY,
        "outstanding_balance": _MONEY,
        "interest_rate": _RATE,
        "total_interest": _MONEY,
        "total_fees": _MONEY,
        "total_other": _MONEY,
        "term": "BIGINT",
        "frequency": "VARCHAR",
        "dpd": "BIGINT",
        "ratio_paid": _RATE,
        "loan_status": "VARCHAR",
        "loan_grade": "VARCHAR",
        "lender": "VARCHAR",
        "facility": "VARCHAR",
        "credit_bureau_score": "BIGINT",
        "amount_buckets": "VARCHAR",
        "term_buckets": "VARCHAR",
        "loan_counts": "BIGINT",
        "location_state_province": "VARCHAR",
    },
    "schedules": {
        name: kind for name, kind in _FLOW.items() if name not in {"transaction_type", "date_paid"}
    },
    "transactions": {name: kind for name, kind in _FLOW.items() if name != "date_due"},
    "customers": {
        "line_no": "BIGINT",
        "customer_id": "VARCHAR",
        "customer_type": "VARCHAR",
        "income": _MONEY,
        "currency": "VARCHAR",
        "gender": "VARCHAR",
        "birth_date": "DATE",
        "channel_type": "VARCHAR",
        "dependents": "BIGINT",
        "geography_city": "VARCHAR",
        "geography_state": "VARCHAR",
        "geography_country": "VARCHAR",
    },
    "collaterals": {
        "line_no": "BIGINT",
        "loan_id": "VARCHAR",
        "collateral_id": "VARCHAR",
        "asset_type": "VARCHAR",
        "purchase_value": _MONEY,
        "appraisal_value": _MONEY,
        "purchase_date": "DATE",
        "appraisal_date": "DATE",
        "currency": "VARCHAR",
    },
    "loan_par_balances": {
        "line_no": "BIGINT",
        "loan_id_raw": "VARCHAR",
        "reporting_date": "DATE",
        "dpd": "BIGINT",
        "dpd_date": "DATE",
        "is_writeoff": "BOOLEAN",
        "writeoff_type": "VARCHAR",
        "loan_ccy": "VARCHAR",
        "outstanding_balance": _MONEY,
        "writeoff_outstanding_balance": _MONEY,
        "xchg_rate_to_usd": _RATE,
        "outstanding_balance_usd": _MONEY,
        "writeoff_outstanding_balance_usd": _MONEY,
        "par_7_balance_usd": _MONEY,
        "par_30_balance_usd": _MONEY,
        "par_60_balance_usd": _MONEY,
        "par_90_balance_usd": _MONEY,
    },
    "fx_rates": {"currency": "VARCHAR", "rate_on": "DATE", "rate": _RATE},
}

_Rows = list[dict[str, Any]]


@dataclass(slots=True)
class Book:
    """Rows of every landed table, by column."""

    tables: dict[str, _Rows] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, table: str, **cells: object) -> int:
        """Add one row under the next line number of its file, and give that number."""
        line_no = len(self.tables[table]) + 2
        row = cells if table == "fx_rates" else {"line_no": line_no, **cells}
        self.tables[table].append(row)
        return line_no


@dataclass(frozen=True, slots=True)
class _Loan:
    key: int
    loan_id: str
    currency: str
    disbursed_on: date
    instalments: tuple[tuple[date, Decimal, Decimal], ...]


# How a loan pays. The names are the cases; `_shares` says what each does.
_HABITS = (
    "on_time",
    "late",
    "early",
    "partial",
    "cash_before_principal",
    "overpays",
    "leaves_dust",
    "rebate",
    "stops",
    "comes_back",
    "never",
)


def make_book(loans: int, seed: int = 7) -> Book:
    """Make a book of single- and multi-instalment loans in two currencies, always the same."""
    dice = random.Random(seed)  # noqa: S311 - a fixture, not a secret
    book = Book()
    borrowers = max(loans // 4, 2)
    for number in range(borrowers):
        book.add(
            "customers",
            customer_id=f"B{number}",
            # Every third borrower has no segment.
            customer_type=(None, "retail", "business")[number % 3],
            geography_country="SV",
        )
    # MXN has no rate before March: the first known one stands in.
    for month in (3, 6, 9, 12):
        rate = Decimal("0.05") + Decimal(dice.randrange(-99999, 99999)) / 10**8
        book.add("fx_rates", currency="MXN", rate_on=date(2024, month, 1), rate=rate)
    for number in range(loans):
        loan = _add_loan(book, number, borrowers, dice)
        for row in _payments(loan, _HABITS[number % len(_HABITS)], dice):
            book.add("transactions", loan_key=loan.key, loan_id=loan.loan_id, **row)
    _add_source_balances(book, dice)
    return book


def _add_loan(book: Book, number: int, borrowers: int, dice: random.Random) -> _Loan:
    loan_id, currency = f"L{number:04}", ("USD", "USD", "MXN")[number % 3]
    # Who comes back after a write-off has to begin early in the year.
    comes_back = _HABITS[number % len(_HABITS)] == "comes_back"
    disbursed_on = FIRST_DAY + timedelta(days=dice.randrange(40 if comes_back else 300))
    count = (1, 1, 3, 6, 12)[number % 5]
    every = dice.choice((7, 15, 30))
    principal = [Decimal(dice.randrange(5_000, 90_000)) * _CENT for _ in range(count)]
    interest = [(part * Decimal("0.031")).quantize(_CENT) for part in principal]
    due = [disbursed_on + timedelta(days=every * (place + 1)) for place in range(count)]
    key = book.add(
        "loans",
        loan_id=loan_id,
        # One loan in seventeen names a borrower whom the customers' file does not know.
        customer_id="B-unknown" if number % 17 == 0 else f"B{number % borrowers}",
        company=("North", "South", None)[number % 3],
        product_type=("Factoring", None, "Working capital")[number % 3],
        currency=currency,
        disburse_date=disbursed_on,
        maturity_date=due[-1],
        disburse_principal=sum(principal),
        total_interest=sum(interest),
        total_fees=None,
        interest_rate=Decimal("0.37250001"),
        term=(due[-1] - disbursed_on).days,
        outstanding_balance=None if number % 5 == 0 else Decimal(dice.randrange(90_000)) * _CENT,
        dpd=None if number % 7 == 0 else dice.randrange(300),
        location_state_province=None if number % 4 == 0 else "San Salvador",
    )
    for on, part, price in zip(due, principal, interest, strict=True):
        book.add(
            "schedules",
            loan_key=key,
            loan_id=loan_id,
            date_due=on,
            principal=part,
            interest=price,
            fees=None,
            to_tax=(price * Decimal("0.13")).quantize(_CENT),
            currency=currency,
        )
    tax = [(price * Decimal("0.13")).quantize(_CENT) for price in interest]
    charges = [price + levy for price, levy in zip(interest, tax, strict=True)]
    planned = tuple(zip(due, principal, charges, strict=True))
    return _Loan(key, loan_id, currency, disbursed_on, planned)


def _payments(loan: _Loan, habit: str, dice: random.Random) -> Iterator[dict[str, Any]]:
    yield _cash(loan, loan.disbursed_on, Decimal(0), Decimal(0), kind="DISBURSEMENT")
    for place, (due, _, _) in enumerate(loan.instalments):
        for days, paid, charged in _shares(loan, place, habit, dice):
            on = max(due + timedelta(days=days), loan.disbursed_on)
            if on <= DATA_THROUGH:
                yield _cash(loan, on, paid, charged)


def _shares(
    loan: _Loan, place: int, habit: str, dice: random.Random
) -> list[tuple[int, Decimal, Decimal]]:
    """Say when and how one instalment is paid: days after it is due, principal, the rest."""
    due, principal, charges = loan.instalments[place]
    third = (principal / 3).quantize(_CENT)
    since_first = (due - loan.instalments[0][0]).days
    ways: dict[str, list[tuple[int, Decimal, Decimal]]] = {
        "on_time": [(0, principal, charges)],
        "late": [(dice.randrange(1, 95), principal, charges)],
        "early": [(-dice.randrange(1, 20), principal, charges)],
        "partial": [
            (0, third, Decimal(0)),
            (dice.randrange(20, 120), principal - third, charges),
        ],
        # All the cash, a cent of it in the wrong column: covered by total, not by principal.
        "cash_before_principal": [(3, principal - _CENT, charges + _CENT)],
        "overpays": [(0, principal + _CENT, charges)],
        "leaves_dust": [(1, principal - Decimal("0.004"), charges)],
        "rebate": [(0, principal, charges), (2, Decimal(0), -charges)],
        "stops": [(0, principal, charges)] if place == 0 else [],
        # Silent past the 180 days of a write-off, then all that is due at once, then on time.
        "comes_back": [(max(_SILENCE - since_first, 0), principal, charges)],
        "never": [],
    }
    return ways[habit]


def _cash(
    loan: _Loan, on: date, principal: Decimal, charges: Decimal, kind: str = "PAYMENT"
) -> dict[str, Any]:
    return {
        "transaction_type": kind,
        "date_paid": on,
        "principal": principal,
        "interest": charges,
        "fees": None,
        "other": Decimal(0),
        "currency": loan.currency,
    }


def _add_source_balances(book: Book, dice: random.Random) -> None:
    """Let the source report on two dates, with gaps, and on a loan that we do not have."""
    known = [row["loan_id"] for row in book.tables["loans"]]
    for on in (AS_OFS[1], AS_OFS[3]):
        for loan_id in [*known[::2], "L-unknown"]:
            balance = Decimal(dice.randrange(90_000)) * _CENT
            off = dice.random() < 0.2
            at_risk = None if dice.random() < 0.2 else balance
            book.add(
                "loan_par_balances",
                loan_id_raw=loan_id,
                reporting_date=on,
                dpd=dice.choice((None, 0, 7, 91)),
                is_writeoff=dice.choice((None, off)),
                outstanding_balance=None if off else balance,
                writeoff_outstanding_balance=balance if off else None,
                xchg_rate_to_usd=dice.choice((None, Decimal(1), Decimal("0.05312345"))),
                par_7_balance_usd=at_risk,
                par_30_balance_usd=at_risk,
            )


def land(book: Book, folder: Path) -> None:
    """Write the book's landed files."""
    connection = duckdb.connect()
    for table, columns in TABLES.items():
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} ({declared})")
        rows = [[row.get(name) for name in columns] for row in book.tables[table]]
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(chunk))
            cells = [cell for row in chunk for cell in row]
            connection.execute(f"INSERT INTO {table} VALUES {marks}", cells)
        connection.execute(f"COPY {table} TO '{folder / table}.parquet'")
    connection.close()


def attach(book: Book, build: DuckDBBuild, folder: Path) -> None:
    """Land the book in a folder, and make a build ready for the models."""
    land(book, folder)
    for table in TABLES:
        build.attach_raw(table, folder / f"{table}.parquet")
    load_parameters(build, Horizon(AS_OFS, FIRST_DAY, DATA_THROUGH), RULES)
