"""The reference tape, cold: one process ingests, rebuilds, measures, verifies, reconciles.

    .venv/bin/python benchmarks/tape.py [--runs 5]

Prints minimum / median / maximum of whole processes. Skips, saying so, without the tape.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from timing import FACTORY, spread, timed

TAPE = Path(
    os.environ.get("FACTORY_REFERENCE_TAPE")
    or Path(__file__).resolve().parents[2] / "shared" / "tape"
)


def main() -> None:
    """Time the help, a cold day, and a rerun with nothing new."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(
        "factory --help                   ",
        spread([timed([FACTORY, "--help"]).seconds for _ in range(runs)]),
    )
    if not (TAPE / "loans.csv").exists():
        sys.exit(f"skipped: no reference tape at {TAPE}")
    cold, peak, rerun, unchanged, month_ends = [], [], [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "workspace"
            timed([FACTORY, "init", str(workspace)])
            for file in TAPE.glob("*.csv"):
                shutil.copy(file, workspace / "inbox")
            command = [FACTORY, "run", "--workspace", str(workspace)]
            first = timed(command, ok=(0, 3))
            cold.append(first.seconds)
            peak.append(first.peak_mb)
            rerun.append(timed(command, ok=(0, 3)).seconds)
            unchanged.append(
                timed(
                    [FACTORY, "ingest", "cascade", str(TAPE), "--workspace", str(workspace)],
                    ok=(0, 3),
                ).seconds
            )
            month_ends.append(timed([*command, "--month-ends"], ok=(0, 3)).seconds)
    print("run, cold, one as-of (limit 3 s)  ", spread(cold), f"peak {max(peak):.0f} MB")
    print("run again, nothing new (0.3 s)    ", spread(rerun))
    print("ingest again, unchanged           ", spread(unchanged))
    print("run --month-ends (37 as-of dates) ", spread(month_ends))


if __name__ == "__main__":
    main()
