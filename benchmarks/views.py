"""Every view of the book, at every month-end and at one, on the tape and on a generated book.

    .venv/bin/python benchmarks/views.py [--loans 1000000] [--runs 3]

The tape is measured in this process, on a published version: what a dashboard waits for. The
generated book is measured in a process of its own, with the peak of its memory.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from scale import CACHE, book
from timing import FACTORY, spread, timed

TAPE = Path(
    os.environ.get("FACTORY_REFERENCE_TAPE")
    or Path(__file__).resolve().parents[2] / "shared" / "tape"
)


def every_view(root: Path) -> dict[str, float]:
    """Show each view at every snapshot of the published version; give the seconds of each."""
    from fintech_factory.app import Factory
    from fintech_factory.config import Workspace

    views = Factory(Workspace(root)).views
    seconds = {}
    for name in views.catalogue.views:
        started = time.perf_counter()
        views.month_ends(name)
        seconds[name] = time.perf_counter() - started
    return seconds


def one_date(root: Path, runs: int) -> dict[str, list[float]]:
    """Show each view at the last day of data, several times; the version is opened each time."""
    from fintech_factory.app import Factory
    from fintech_factory.config import Workspace

    views = Factory(Workspace(root)).views
    seconds: dict[str, list[float]] = {}
    for name in views.catalogue.views:
        for _ in range(runs):
            started = time.perf_counter()
            views.show(name, None)
            seconds.setdefault(name, []).append(time.perf_counter() - started)
    return seconds


def published(export: Path, workspace: Path, without: frozenset[str] = frozenset()) -> None:
    """Land an export in a new workspace and publish its month-ends."""
    timed([FACTORY, "init", str(workspace)])
    example = workspace / "config" / "facilities" / "example.yaml"
    terms = example.read_text(encoding="utf-8")
    example.write_text(terms.replace("enabled: false", "enabled: true"), encoding="utf-8")
    folder = workspace.parent / "export"
    folder.mkdir()
    for file in export.glob("*.csv"):
        if file.name not in without:
            (folder / file.name).symlink_to(file)
    shared = ["--workspace", str(workspace), "--quiet"]
    timed([FACTORY, "ingest", "cascade", str(folder), *shared], ok=(0, 3))
    timed([FACTORY, "run", *shared], ok=(0, 3))


def tape(runs: int) -> None:
    """Measure the reference tape."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        published(TAPE, root)
        every_view(root)  # Python's modules are loaded once, as in a server.
        totals = [sum(every_view(root).values()) for _ in range(runs)]
        each = every_view(root)
        one = one_date(root, max(runs, 5))
    print("tape: all views at all month-ends (limit 5 s)", spread(totals))
    print("      view             all month-ends   one as-of, median / worst (limit 0.1 s)")
    for name, seconds in each.items():
        ordered = sorted(one[name])
        median, worst = ordered[len(ordered) // 2], ordered[-1]
        print(f"      {name:<16} {seconds:10.2f} s     {median:6.3f} / {worst:.3f} s")


def generated(loans: int) -> None:
    """Measure a generated book in a process of its own."""
    source = book(loans)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        root = Path(folder) / "workspace"
        published(source, root, frozenset({"loan_par_balances.csv"}))
        done = timed([sys.executable, __file__, "--workspace", str(root)])
        shutil.rmtree(root)
    seconds = json.loads(done.stdout)
    print(f"{loans} loans: all views at all month-ends, process (limit at 1M: 60 s, 4 GB)")
    print(f"      {done.seconds:.1f} s, peak {done.peak_mb:.0f} MB")
    for name, each in seconds.items():
        print(f"      {name:<16} {each:10.2f} s")


def main() -> None:
    """Measure the tape, then a generated book."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--loans", type=int, action="append")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.workspace:
        print(json.dumps(every_view(arguments.workspace)))
        return
    if (TAPE / "loans.csv").exists():
        tape(arguments.runs)
    else:
        print(f"skipped: no reference tape at {TAPE}")
    for loans in arguments.loans or ():
        generated(loans)


if __name__ == "__main__":
    main()
