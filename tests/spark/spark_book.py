"""Where the book that Spark is compared on comes from."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from portability_book import RULES, land, make_book

from fintech_factory.transform.dates import Horizon, load_parameters, month_ends
from fintech_factory.warehouse.duckdb import DuckDBBuild

__all__ = ["Landed", "attach_landed", "find_landed"]

# Enough that a wrong join shows, little enough for two cores.
_SYNTHETIC_LOANS = 5_000


@dataclass(frozen=True, slots=True)
class Landed:
    """A folder of landed parquet files, and what they are in words."""

    folder: Path
    words: str


def find_landed(scratch: Path) -> Landed:
    """Take `FACTORY_LANDED` (a folder of landed files), else land the tape, else make a book."""
    given = os.environ.get("FACTORY_LANDED")
    if given:
        return Landed(Path(given), f"the landed files in {given}")
    tape = Path(
        os.environ.get("FACTORY_REFERENCE_TAPE")
        or Path(__file__).resolve().parents[3] / "shared" / "tape"
    )
    if (tape / "loans.csv").exists():
        return Landed(_land_tape(tape, scratch / "workspace"), f"the reference tape in {tape}")
    land(make_book(_SYNTHETIC_LOANS), scratch)
    return Landed(scratch, f"a synthetic book of {_SYNTHETIC_LOANS} loans (no reference tape)")


def _land_tape(tape: Path, workspace: Path) -> Path:
    """Land the tape by the product's own command."""
    factory = str(Path(sys.executable).with_name("factory"))
    subprocess.run([factory, "init", str(workspace)], check=True, capture_output=True)
    done = subprocess.run(
        [factory, "ingest", "cascade", str(tape), "--workspace", str(workspace), "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    landed = sorted((workspace / "warehouse" / "raw" / "cascade").glob("*/landed"))
    assert len(landed) == 1, f"the tape did not land: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return landed[0]


def attach_landed(landed: Landed, build: DuckDBBuild) -> list[str]:
    """Let a build read the landed files and give it every month-end; returns the files' tables."""
    tables = sorted(path.stem for path in landed.folder.glob("*.parquet"))
    for table in tables:
        build.attach_raw(table, landed.folder / f"{table}.parquet")
    ((first_day, data_through),) = build.query(
        "SELECT MIN(day_on), MAX(day_on) FROM (SELECT disburse_date AS day_on FROM raw_loans"
        " UNION ALL SELECT date_paid FROM raw_transactions)"
    )
    assert isinstance(first_day, date)
    as_ofs = tuple(month_ends(first_day, data_through))
    load_parameters(build, Horizon(as_ofs, first_day, data_through), RULES)
    return tables
