"""Measures the audit trail: an entry appended in a batch, and a chain verified.

`.venv/bin/python benchmarks/audit.py [--entries N]`; prints wall and processor time, and the same
texts hashed in a plain loop, which says how busy the machine was.
"""

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from fintech_factory.clock import SystemClock
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.audit import COLUMNS, Entry, hashed_text
from fintech_factory.state.audit_folder import AuditFolder
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.audit_verdict import Trust
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_entry


def entries(count: int) -> Iterator[Entry]:
    """Give entries as an alert's transition leaves them."""
    now = datetime.now(UTC)
    for number in range(count):
        yield Entry(
            at=now,
            actor="factory",
            action="alert.raised",
            subject=f"par_90/{number}",
            before={"level": "warning"},
            after={"level": "critical", "value": "5.46", "as_of": "2025-12-10"},
            reason="past 5",
            run="run-20251210T030000000000Z-abcdef",
            batch_hashes=("ab" * 32,),
        )


def measured(what: str, count: int, work: Callable[[], object]) -> None:
    wall, busy = time.perf_counter(), time.process_time()
    work()
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    print(
        f"{what}: {wall / count * 1e6:.1f} us each ({count / wall:,.0f}/s);"
        f" processor {busy / count * 1e6:.1f} us ({count / busy:,.0f}/s)"
    )


def main() -> None:
    """Measure on a new SQLite file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=200_000)
    count = parser.parse_args().entries
    print(f"{count:,} entries; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        state = State(sqlite_url(Path(folder) / "factory.db"))
        state.ready()
        trail = Trail(AuditFolder(Path(folder) / "audit"), SystemClock())
        made = list(entries(count))

        def append() -> None:
            with state.transaction() as connection:
                head = trail.append(connection, made)
            trail.seal(head)

        measured("append, one batch, signed and on disk", count, append)
        for _ in range(3):
            measured("verify", count, lambda: verify(state, Trust(None)))
        with state.reading() as connection:
            rows = connection.execute(audit_entry.select().order_by("sequence")).all()
        texts = [hashed_text([getattr(row, name) for name in COLUMNS]).encode() for row in rows]
        for _ in range(3):
            measured(
                "plain loop of SHA-256 over the same texts",
                count,
                lambda: [hashlib.sha256(text).hexdigest() for text in texts],
            )
        state.close()


if __name__ == "__main__":
    main()
