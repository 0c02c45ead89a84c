"""A small made-up export, written in whatever clothes a test wants, and landed."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from fintech_factory.ingestion import Landing, Place

CONFIG = Path(__file__).parents[3] / "config"
ARRIVED_ON = date(2025, 7, 1)

HEADERS = {
    "customers": "customer_id,customer_type,income,currency,gender,dependents,geography_city",
    "loans": "loan_id,customer_id,company,product_type,currency,disburse_date,maturity_date,"
    "disburse_principal,outstanding_balance,interest_rate,total_interest,total_fees,term,dpd,"
    "loan_status,amount_buckets,location_state_province",
    "schedules": "loan_id,date_due,principal,interest,other,fees,to_tax,add_balance,"
    "reduce_balance,currency",
    "transactions": "loan_id,transaction_type,date_paid,principal,interest,other,fees,to_tax,"
    "add_balance,reduce_balance,currency",
    "loan_par_balances": "loan_id_raw,reporting_date,dpd,dpd_date,is_writeoff,loan_ccy,"
    "outstanding_balance,writeoff_outstanding_balance,xchg_rate_to_usd,PAR_30_balance_usd",
}


def spelled(day: date) -> str:
    return day.isoformat()


@dataclass
class Sheet:
    """One table: its header, and its rows as cells of text."""

    header: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def put(self, row: int, **cells: str) -> int:
        """Change cells of a row; give the row's line number."""
        for name, text in cells.items():
            self.rows[row][self.header.index(name)] = text
        return row + 2

    def copy(self, row: int, **cells: str) -> int:
        """Append a copy of a row with some cells changed; give its line number."""
        self.rows.append(list(self.rows[row]))
        return self.put(len(self.rows) - 1, **cells)

    def get(self, row: int, name: str) -> str:
        return self.rows[row][self.header.index(name)]

    def text(self, delimiter: str = ",", end: str = "\n") -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(
            [self.header, *self.rows]
        )
        return out.getvalue()


@dataclass
class Export:
    """A clean book of `loans` loans of two instalments; the first of them is paid.

    Loan n is row n of loans, rows 2n and 2n + 1 of schedules and of transactions (its
    disbursement and its payment).
    """

    sheets: dict[str, Sheet]

    def write(self, folder: Path, encoding: str = "utf-8", **spelling: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, sheet in self.sheets.items():
            (folder / f"{name}.csv").write_bytes(sheet.text(**spelling).encode(encoding))
        return folder

    def __getitem__(self, name: str) -> Sheet:
        return self.sheets[name]


def make_export(loans: int = 240) -> Export:
    sheets = {name: Sheet(header.split(",")) for name, header in HEADERS.items()}
    for n in range(loans):
        _add_loan(sheets, n)
    return Export(sheets)


def _add_loan(sheets: dict[str, Sheet], n: int) -> None:
    loan, disbursed = f"L-{n:04}", date(2025, 1, 1) + timedelta(days=n % 55)
    first, last = disbursed + timedelta(days=30), disbursed + timedelta(days=60)
    if n % 4 == 0:
        sheets["customers"].rows.append([f"K{n // 4}", "company", "", "USD", "", "", "León"])
    dates = [spelled(disbursed), spelled(last)]
    amounts = ["1000.5", "500.25", "0.6", "40.5", "9.1"]
    sheets["loans"].rows.append(
        [
            *(loan, f"K{n // 4}", "ACME", "factoring", "USD", *dates, *amounts),
            *("60", "0", "Current", "1K-2.5K", "Managua"),
        ]
    )
    for day in (first, last):
        sheets["schedules"].rows.append(
            [loan, spelled(day), "500.25", "20.25", "0.0", "1.5", "0.75", "0.0", "0.0", "USD"]
        )
    rest = ["0.0", "0.0", "USD"]
    sheets["transactions"].rows += [
        [loan, "DISBURSEMENT", spelled(disbursed), "1000.5", "0.0", "0.0", "0.0", "0.0", *rest],
        [loan, "PAYMENT", spelled(first), "500.25", "20.25", "0.0", "1.5", "0.75", *rest],
    ]
    for month_end in (date(2025, 2, 28), date(2025, 3, 20)):
        balance = "500.25" if first <= month_end else "1000.5"
        sheets["loan_par_balances"].rows.append(
            [loan, spelled(month_end), "0", "", "false", "USD", balance, "0.0", "1.0", "0.0"]
        )


Lander = Callable[..., Landing]


def place_in(folder: Path) -> Place:
    """Give a place with copies of the settings that ship, for a test to change."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (CONFIG / "factory.yaml", CONFIG / "integrations" / "cascade.yaml"):
        target = folder / path.name
        if not target.exists():
            target.write_bytes(path.read_bytes())
    return Place(folder / "raw" / "cascade", folder / "cascade.yaml", folder / "factory.yaml")


def rows(path: Path, select: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {select} FROM read_parquet('{path}') WHERE {where} ORDER BY ALL"
        ).fetchall()


def set_aside(landing: Landing) -> dict[tuple[str, int], str]:
    """Map (table, line) to the reasons of every row in quarantine."""
    held = rows(landing.folder / "quarantine.parquet", '"table", line_no, reasons')
    return {(table, line): reasons for table, line, reasons in held}


def codes(landing: Landing) -> set[str]:
    return {each.code for each in landing.findings}
