"""The delinquency and concentration views beside the same analysis in pandas.

    .venv/bin/python benchmarks/views_pandas.py [--runs 3]

Both start from one published version of the reference tape. pandas is given the loan snapshots and
the rolls of every month-end as frames in memory, which is not counted; ours reads them from the
warehouse, which is. Every figure that both give must be the same to the cent.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from fintech_factory.app import Factory
from fintech_factory.config import Workspace
from fintech_factory.transform.dates import DIMENSIONS
from timing import spread
from views import TAPE, published

RUNGS = (1, 7, 30, 60, 90, 180)
ROLLED_BY = ("book", "entity", "product", "state")
Figures = dict[tuple[Any, ...], str]


def frames(factory: Factory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load the snapshots and rolls of every month-end; amounts as floats, as analysts do."""
    with factory.warehouse.open(factory.published()) as reader:
        loaded = []
        for model in ("loan_snapshot", "loan_roll"):
            columns = [name for name, *_ in reader.query(f"DESCRIBE {model}")]
            frame = pd.DataFrame(reader.query(f"SELECT * FROM {model}"), columns=columns)
            for name in columns:
                if frame[name].dtype == object and isinstance(frame[name].iloc[0], Decimal):
                    frame[name] = frame[name].astype(float)
            frame["book"] = "book"
            loaded.append(frame)
    return loaded[0], loaded[1]


def in_pandas(snapshot: pd.DataFrame, roll: pd.DataFrame) -> Figures:
    """Ageing, PAR ladder, rolls, largest borrowers and HHI at every month-end."""
    figures: Figures = {}
    held = snapshot[snapshot["balance"] != 0]
    for dimension in DIMENSIONS:
        sums = held.groupby(["as_of", dimension, "bucket"])["balance"].sum()
        figures |= {("ageing", dimension, *key): f"{value:.2f}" for key, value in sums.items()}
        for days in RUNGS:
            for name, column, passed in (
                ("at_risk_at_least", "outstanding", held["dpd"] >= days),
                ("at_risk_beyond", "outstanding", held["dpd"] > days),
                ("at_risk_beyond_incl_writeoff", "balance", held["dpd"] > days),
            ):
                sums = held[passed].groupby(["as_of", dimension])[column].sum()
                figures |= {(name, dimension, *key, days): f"{v:.2f}" for key, v in sums.items()}
    opened = roll[roll["opening_state"] != "new"]
    for dimension in ROLLED_BY:
        sums = opened.groupby(["as_of", dimension, "opening_state", "outcome"])["opening_balance"]
        figures |= {("roll", dimension, *key): f"{v:.2f}" for key, v in sums.sum().items()}
    borrower = held.groupby(["as_of", "borrower_id"])["outstanding"].sum()
    shares = borrower.groupby("as_of", group_keys=False).nlargest(50)
    figures |= {("borrower", *key): f"{value:.2f}" for key, value in shares.items() if value}
    squares = (borrower**2).groupby("as_of").sum()
    return figures | {("hhi", day): f"{value:.2f}" for day, value in squares.items()}


def in_views(factory: Factory) -> Figures:
    """The same figures as the two views give them, with all that they hold beside."""
    figures: Figures = {}
    for shown in factory.views.month_ends("delinquency"):
        tables = {table.name: table.rows for table in shown.tables}
        for row in tables["ageing"]:
            key = (row["dimension"], row["as_of"], row["member"], row["bucket"])
            figures["ageing", *key] = f"{row['balance']:.2f}"
        for row in tables["par_ladder"]:
            key = (row["dimension"], row["as_of"], row["member"], row["days"])
            for name in ("at_risk_at_least", "at_risk_beyond", "at_risk_beyond_incl_writeoff"):
                figures[name, *key] = f"{row[name]:.2f}"
        for row in tables["roll_matrix"]:
            key = (row["dimension"], row["as_of"], row["member"])
            value = f"{row['opening_balance']:.2f}"
            figures["roll", *key, row["opening_state"], row["outcome"]] = value
    for shown in factory.views.month_ends("concentration"):
        tables = {table.name: table.rows for table in shown.tables}
        for row in tables["borrowers"]:
            figures["borrower", row["as_of"], row["borrower_id"]] = f"{row['outstanding']:.2f}"
        for row in tables["hhi"]:
            if row["dimension"] == "borrower_id":
                figures["hhi", row["as_of"]] = f"{row['sum_of_squares']:.2f}"
    return figures


def seconds(work: Callable[[], Figures], runs: int) -> tuple[list[float], Figures]:
    """Time some work that is done in this process."""
    taken, figures = [], Figures()
    for _ in range(runs):
        started = time.perf_counter()
        figures = work()
        taken.append(time.perf_counter() - started)
    return taken, figures


def main() -> None:
    """Publish the tape, run both, compare every figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        published(TAPE, root)
        factory = Factory(Workspace(root))
        in_views(factory)  # Python's modules are loaded once, as in a server.
        ours, shown = seconds(lambda: in_views(factory), runs)
        snapshot, roll = frames(factory)
        theirs, figures = seconds(lambda: in_pandas(snapshot, roll), runs)
    apart = [key for key, value in figures.items() if shown.get(key) != value]
    print(f"views  {spread(ours)}  {len(shown)} figures")
    print(f"pandas {spread(theirs)}  {len(figures)} figures, {len(apart)} differ {apart[:3]}")
    print(f"ratio  x{sorted(ours)[runs // 2] / sorted(theirs)[runs // 2]:.2f}")


if __name__ == "__main__":
    main()
