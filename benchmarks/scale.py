"""A generated book of 1M loans over 36 months, from CSV to readings.

    .venv/bin/python benchmarks/scale.py [--loans 1000000] [--skip-verify]

The limit (30 s, 3 GB) is for ingest + models + KPIs; the second engine is reported apart.
The books are kept in .cache/ between runs. The source's own month-end balances are not part of
the figure (their reconciliation is reported when --with-balances is given).
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from timing import FACTORY, timed

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "books"


def book(loans: int) -> Path:
    """Give a generated book, made once."""
    folder = CACHE / f"{loans}-36"
    if not (folder / "loans.csv").exists():
        made = timed(
            [
                FACTORY,
                "book",
                "generate",
                "--loans",
                str(loans),
                "--months",
                "36",
                "--seed",
                "1",
                "--out",
                str(folder),
                "--json",
            ]
        )
        print(f"{loans:>9} loans generated in {made.seconds:.1f} s, peak {made.peak_mb:.0f} MB")
    return folder


def models_and_kpis(root: Path) -> None:
    """Build and measure a workspace's batch without the second engine; print the steps."""
    from fintech_factory.app import Factory
    from fintech_factory.config import Workspace
    from fintech_factory.kpi_engine import Scope, evaluate_together
    from fintech_factory.pipeline.day import prepare
    from fintech_factory.pipeline.outcome import Dates
    from fintech_factory.pipeline.portions import kpi_dates

    factory = Factory(Workspace(root))
    build = factory.warehouse.build("benchmark")
    started = time.perf_counter()
    horizon = prepare(build, factory.book(factory.latest_batch()), Dates(month_ends=True))
    prepared = time.perf_counter()
    scope = Scope(horizon.as_ofs, horizon.data_through, horizon.first_day)
    portion = kpi_dates(build)
    readings = evaluate_together(factory.definitions, scope, build.evaluate_all, portion)
    measured = time.perf_counter()
    build.discard()
    print(f"{prepared - started} {measured - prepared} {len(readings)}")


def quick(loans: int) -> None:
    """Ingest, then models and KPIs, each in a cold process, without the second engine."""
    source = book(loans)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        export, workspace = Path(folder) / "export", Path(folder) / "workspace"
        export.mkdir()
        for file in source.glob("*.csv"):
            if file.name != "loan_par_balances.csv":
                (export / file.name).symlink_to(file)
        timed([FACTORY, "init", str(workspace)])
        ingest = timed(
            [FACTORY, "ingest", "cascade", str(export), "--workspace", str(workspace)], ok=(0, 3)
        )
        steps = timed([sys.executable, __file__, "--steps", str(workspace)])
    transform, kpi, readings = steps.stdout.split()
    print(f"{loans:>9} loans, without the second engine")
    print(f"  ingest                      {ingest.seconds:6.1f} s  peak {ingest.peak_mb:.0f} MB")
    print(f"  transform                   {float(transform):6.1f} s")
    print(f"  kpi                         {float(kpi):6.1f} s  {readings} readings")
    print(f"  models + KPIs, process      {steps.seconds:6.1f} s  peak {steps.peak_mb:.0f} MB")
    print(f"  ingest + models + KPIs      {ingest.seconds + steps.seconds:6.1f} s")


def measure(loans: int, *, with_balances: bool) -> None:
    """Ingest and run, each in a cold process."""
    source = book(loans)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        export = Path(folder) / "export"
        export.mkdir()
        for file in source.glob("*.csv"):
            if with_balances or file.name != "loan_par_balances.csv":
                (export / file.name).symlink_to(file)
        workspace = Path(folder) / "workspace"
        timed([FACTORY, "init", str(workspace)])
        shared = ["--workspace", str(workspace), "--json"]
        ingest = timed([FACTORY, "ingest", "cascade", str(export), *shared], ok=(0, 3))
        run = timed([FACTORY, "run", "--month-ends", *shared], ok=(0, 3))
        steps = {step["name"]: step["seconds"] for step in json.loads(run.stdout)["steps"]}
        rows = {file["table"]: file["rows"] for file in json.loads(ingest.stdout)["files"]}
        shutil.rmtree(workspace)
    figure = ingest.seconds + run.seconds - steps["verify"] - steps["reconcile"]
    print(
        f"\n{loans:>9} loans, {rows['schedules']} instalments, {rows['transactions']} transactions"
    )
    print(f"  ingest                      {ingest.seconds:6.1f} s  peak {ingest.peak_mb:.0f} MB")
    for name, seconds in steps.items():
        print(f"  {name:<27} {seconds:6.1f} s")
    print(f"  run, whole process          {run.seconds:6.1f} s  peak {run.peak_mb:.0f} MB")
    print(f"  ingest + models + KPIs      {figure:6.1f} s  (limit at 1M: 30 s, 3 GB)")


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--loans", type=int, action="append")
    parser.add_argument("--with-balances", action="store_true")
    parser.add_argument("--skip-verify", action="store_true")
    parser.add_argument("--steps", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steps:
        models_and_kpis(arguments.steps)
        return
    for loans in arguments.loans or [100_000, 1_000_000]:
        if arguments.skip_verify:
            quick(loans)
        else:
            measure(loans, with_balances=arguments.with_balances)


if __name__ == "__main__":
    main()
