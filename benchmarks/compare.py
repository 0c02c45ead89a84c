"""The snapshot and PAR step beside polars and pandas on the same CSV files.

    .venv/bin/python benchmarks/compare.py [--loans 1000000] [--only factory,polars,pandas]

Each reads loans, schedules and transactions, and gives outstanding and PAR 90 at every month-end.
Ours runs the product's own models on one DuckDB file. The sums must agree to the last digit.
"""

import argparse
import datetime as dt
import json
import sys
from decimal import Decimal
from pathlib import Path

from scale import book
from timing import timed

THROUGH = dt.date(2025, 12, 10)
AMOUNTS = ["principal", "interest", "other", "fees", "to_tax"]


def month_ends(first: dt.date) -> list[dt.date]:
    """Give every month-end from the book's first month to the month in progress."""
    ends, day = [], first.replace(day=1)
    while day <= THROUGH:
        day = (day + dt.timedelta(days=32)).replace(day=1)
        ends.append(day - dt.timedelta(days=1))
    return ends


def factory(source: Path) -> dict[str, list[str]]:
    """Run the product's models straight on the CSV files."""
    import tempfile

    import duckdb

    from fintech_factory.testing import RULES
    from fintech_factory.transform.dates import Horizon, load_parameters
    from fintech_factory.transform.models import read_models
    from fintech_factory.transform.run import make_models
    from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse

    money = "{" + ", ".join(f"'{name}': 'DECIMAL(18,6)'" for name in AMOUNTS) + "}"
    with tempfile.TemporaryDirectory() as folder:
        reader = duckdb.connect(config={"memory_limit": "2000MB", "temp_directory": folder})
        landed = Path(folder)
        reader.execute(
            f"CREATE TABLE loans AS SELECT row_number() OVER () + 1 AS line_no, * FROM "
            f"read_csv('{source}/loans.csv', nullstr='', "
            "types={'disburse_principal': 'DECIMAL(18,6)'})"
        )
        reader.execute(f"COPY loans TO '{landed}/loans.parquet'")
        for table in ("schedules", "transactions"):
            reader.execute(
                f"COPY (SELECT 0 AS line_no, l.line_no AS loan_key, r.* FROM "
                f"read_csv('{source}/{table}.csv', types={money}) AS r "
                f"JOIN loans AS l USING (loan_id)) TO '{landed}/{table}.parquet'"
            )
        reader.execute(
            f"COPY (SELECT row_number() OVER () + 1 AS line_no, * "
            f"FROM read_csv('{source}/customers.csv')) TO '{landed}/customers.parquet'"
        )
        ((first,),) = reader.execute("SELECT MIN(disburse_date) FROM loans").fetchall()
        reader.close()
        build = DuckDBWarehouse(landed / "warehouse", DuckDBLimits()).build("compare")
        for table in ("loans", "schedules", "transactions", "customers"):
            build.attach_raw(table, landed / f"{table}.parquet")
        build.load(
            "raw_fx_rates", {"currency": "VARCHAR", "rate_on": "DATE", "rate": "DECIMAL(18, 8)"}, []
        )
        load_parameters(build, Horizon(tuple(month_ends(first)), first, THROUGH), RULES)
        models = read_models(SQL)
        wanted = {
            name: model for name, model in models.items() if name in needed(models, "par_by_date")
        }
        make_models(build, wanted)
        return {
            str(day): [str(outstanding), str(at_risk)]
            for day, outstanding, at_risk in build.query(
                "SELECT as_of, outstanding, at_risk_90 FROM par_by_date ORDER BY as_of"
            )
        }


SQL = Path(__file__).resolve().parents[1] / "sql"


def needed(models: dict, name: str) -> set[str]:
    """Give a model and all that it reads."""
    return {name}.union(*(needed(models, each) for each in models[name].reads))


def polars(source: Path) -> dict[str, list[str]]:
    """The same in polars, one month-end at a time over cumulative schedules."""
    import polars as pl

    total = pl.sum_horizontal(AMOUNTS).alias("total")
    loans = pl.read_csv(
        source / "loans.csv",
        columns=["loan_id", "disburse_date", "disburse_principal"],
        try_parse_dates=True,
    )
    schedule = (
        pl.read_csv(
            source / "schedules.csv",
            columns=["loan_id", "date_due", *AMOUNTS],
            try_parse_dates=True,
        )
        .with_columns(total)
        .sort("loan_id", "date_due")
        .with_columns(
            pl.col("principal").cum_sum().over("loan_id").alias("principal_due"),
            pl.col("total").cum_sum().over("loan_id").alias("total_due"),
        )
        .select("loan_id", "date_due", "principal_due", "total_due")
    )
    payments = (
        pl.read_csv(
            source / "transactions.csv",
            columns=["loan_id", "transaction_type", "date_paid", *AMOUNTS],
            try_parse_dates=True,
        )
        .filter(pl.col("transaction_type") == "PAYMENT")
        .with_columns(total)
        .select("loan_id", "date_paid", "principal", "total")
    )
    results = {}
    for as_of in month_ends(loans["disburse_date"].min()):
        cut = min(as_of, THROUGH)
        paid = (
            payments.filter(pl.col("date_paid") <= cut)
            .group_by("loan_id")
            .agg(pl.sum("principal"), pl.sum("total"))
        )
        held = (
            loans.filter(pl.col("disburse_date") <= cut)
            .join(paid, on="loan_id", how="left")
            .with_columns(pl.col("principal", "total").fill_null(0.0))
            .with_columns((pl.col("disburse_principal") - pl.col("principal")).alias("balance"))
            .filter(pl.col("balance").abs() > 0.004)
        )
        oldest = (
            held.select("loan_id", "principal", "total")
            .join(schedule.filter(pl.col("date_due") < cut), on="loan_id")
            .filter(
                (pl.col("principal_due") > pl.col("principal") + 0.005)
                & (pl.col("total_due") > pl.col("total") + 0.005)
            )
            .group_by("loan_id")
            .agg(pl.min("date_due"))
        )
        snapshot = held.join(oldest, on="loan_id", how="left").with_columns(
            (pl.lit(cut) - pl.col("date_due")).dt.total_days().fill_null(0).alias("dpd")
        )
        live = snapshot.filter(pl.col("dpd") <= 180)
        results[str(as_of)] = [
            f"{live['balance'].sum():.2f}",
            f"{live.filter(pl.col('dpd') > 90)['balance'].sum():.2f}",
        ]
    return results


def pandas(source: Path) -> dict[str, list[str]]:
    """The same in pandas."""
    import pandas as pd

    loans = pd.read_csv(
        source / "loans.csv",
        usecols=["loan_id", "disburse_date", "disburse_principal"],
        parse_dates=["disburse_date"],
    )
    loans["key"] = loans.index
    keys = loans.set_index("loan_id")["key"]
    schedule = pd.read_csv(
        source / "schedules.csv",
        usecols=["loan_id", "date_due", *AMOUNTS],
        parse_dates=["date_due"],
    )
    schedule["key"] = schedule.pop("loan_id").map(keys)
    schedule["total"] = schedule[AMOUNTS].sum(axis=1)
    schedule = schedule.sort_values(["key", "date_due"])
    schedule["principal_due"] = schedule.groupby("key")["principal"].cumsum()
    schedule["total_due"] = schedule.groupby("key")["total"].cumsum()
    schedule = schedule[["key", "date_due", "principal_due", "total_due"]]
    payments = pd.read_csv(
        source / "transactions.csv",
        usecols=["loan_id", "transaction_type", "date_paid", *AMOUNTS],
        parse_dates=["date_paid"],
    )
    payments = payments[payments.pop("transaction_type") == "PAYMENT"]
    payments["key"] = payments.pop("loan_id").map(keys)
    payments["total"] = payments[AMOUNTS].sum(axis=1)
    payments = payments[["key", "date_paid", "principal", "total"]]
    results = {}
    for as_of in month_ends(loans["disburse_date"].min().date()):
        cut = pd.Timestamp(min(as_of, THROUGH))
        paid = payments[payments["date_paid"] <= cut].groupby("key")[["principal", "total"]].sum()
        held = (
            loans[loans["disburse_date"] <= cut]
            .join(paid, on="key")
            .fillna({"principal": 0.0, "total": 0.0})
        )
        held["balance"] = held["disburse_principal"] - held["principal"]
        held = held[held["balance"].abs() > 0.004]
        due = schedule[schedule["date_due"] < cut].merge(
            held[["key", "principal", "total"]], on="key"
        )
        open_ = due[
            (due["principal_due"] > due["principal"] + 0.005)
            & (due["total_due"] > due["total"] + 0.005)
        ]
        oldest = open_.groupby("key")["date_due"].min()
        held = held.join(oldest, on="key")
        held["dpd"] = (cut - held["date_due"]).dt.days.fillna(0)
        live = held[held["dpd"] <= 180]
        results[str(as_of)] = [
            f"{live['balance'].sum():.2f}",
            f"{live[live['dpd'] > 90]['balance'].sum():.2f}",
        ]
    return results


ENGINES = {"factory": factory, "polars": polars, "pandas": pandas}


def main() -> None:
    """Run each engine in a process of its own and compare time, memory and sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--only", default=",".join(ENGINES))
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    source = book(arguments.loans)
    if arguments.engine:
        print(json.dumps(ENGINES[arguments.engine](source)))
        return
    base, sums = None, None
    for engine in arguments.only.split(","):
        done = timed(
            [sys.executable, __file__, "--loans", str(arguments.loans), "--engine", engine]
        )
        base = base or done.seconds
        found = {
            day: [f"{Decimal(x):.2f}" for x in pair]
            for day, pair in json.loads(done.stdout).items()
        }
        sums = sums or found
        agree = "same sums" if found == sums else "SUMS DIFFER"
        print(
            f"{engine:<8} {done.seconds:6.1f} s  x{done.seconds / base:4.1f}"
            f"  peak {done.peak_mb:5.0f} MB  {agree}"
        )


if __name__ == "__main__":
    main()
