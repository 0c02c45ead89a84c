"""Measures alerts: from a reading to a receipt, a storm, and the tape from its file to Slack.

    .venv/bin/python benchmarks/alerts.py [--alerts N] [--storm N] [--runs N]

The peer is a process of its own on the loopback. Prints how busy the machine was.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from alerts_peer import configure, peer
from fintech_factory.alerting.observation import Observation
from fintech_factory.app import Factory
from fintech_factory.app.alerts import Alerts
from fintech_factory.config.workspace import Workspace
from fintech_factory.state.tables import metadata
from fintech_factory.values import Severity
from tape import TAPE
from timing import FACTORY, spread, timed

T = TypeVar("T")
_DAY = date(2026, 1, 5)
_CRITICAL_EVERY = 200
_BREACHES = 50


def busy() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


@contextmanager
def workspace() -> Iterator[Path]:
    """Make a workspace that tells by Slack and a webhook."""
    with tempfile.TemporaryDirectory() as folder, peer() as port:
        root = Path(folder) / "workspace"
        timed([FACTORY, "init", str(root)])
        configure(root, port)
        yield root


def finding(number: int, severity: Severity | None, day: date = _DAY) -> Observation:
    return Observation(
        "findings",
        day,
        day,
        f"b{day} {number} {severity}",
        "",
        "finding",
        f"f{number:06}",
        severity=severity,
        reason=f"control_total: figure {number} is not the source's",
    )


def breach(number: int) -> Observation:
    return Observation(
        "covenants",
        _DAY,
        _DAY,
        f"b {number}",
        "",
        "covenant",
        f"facility/{number}",
        severity=Severity.CRITICAL,
        reason=f"covenant {number} is breached",
    )


# ---- from a reading to a receipt ----------------------------------------------------------------


def latency(count: int) -> None:
    """Commit one alert after the other and send each at once, as a run does."""
    with workspace() as root:
        alerts = Factory(Workspace(root)).alerts
        for number in range(count):
            # All of them critical: warnings would soon be held back by the day's cap.
            alerts._observe([finding(number, Severity.CRITICAL)])  # noqa: SLF001 - as a run does
            alerts.send()
        waits = sorted(_waits(alerts))
    at = {share: waits[min(int(len(waits) * share), len(waits) - 1)] for share in (0.5, 0.9, 0.99)}
    shown = ", ".join(f"p{share * 100:.0f} {wait:.3f} s" for share, wait in at.items())
    print(f"one alert at a time, {len(waits)} of them: {shown}, most {waits[-1]:.3f} s; {busy()}")


def _waits(alerts: Alerts) -> Iterator[float]:
    """Give the seconds from each alert's judgement to the first receipt from outside."""
    tables = metadata.tables
    transition, outbox, attempt = (
        tables[name] for name in ("alert_transition", "outbox", "attempt")
    )
    wanted = (
        select(func.min(transition.c.at), func.min(attempt.c.ended_at))
        .join(outbox, outbox.c.alert_id == transition.c.alert_id)
        .join(attempt, attempt.c.outbox == outbox.c.sequence)
        .where(attempt.c.word == "accepted", outbox.c.channel != "inbox")
        .group_by(transition.c.alert_id)
    )
    with alerts.factory.state.reading() as connection:
        for fired, accepted in connection.execute(wanted):
            yield (_moment(accepted) - _moment(fired)).total_seconds()


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


# ---- a storm ------------------------------------------------------------------------------------


def storm(count: int) -> None:
    """Let everything break at once, then let all of it end; each in this very process."""
    with workspace() as root:
        factory = Factory(Workspace(root))
        alerts = factory.alerts
        every = [*(_stormy(number) for number in range(count - _BREACHES))]
        every += [breach(number) for number in range(_BREACHES)]
        took("judged and written", lambda: alerts._observe(every))  # noqa: SLF001
        tally = took("sent", alerts.send)
        print(f"{count:,} alerts, {tally.delivered} messages delivered, {tally.failed} failed")
        told(alerts)
        took("all of it judged again", lambda: alerts._observe(every))  # noqa: SLF001
        took("the clock, nothing due", alerts.tick)
        command = [FACTORY, "alerts", "--workspace", str(root)]
        for verb in (["list"], ["list", "--json"], ["show", "covenants|covenant=facility/7"],
                     ["history"], ["why-not", "covenants", "--member", "facility/7", "--no-probe"],
                     ["list", "--rule", "covenants"], ["inbox"]):  # fmt: skip
            done = timed([*command, *verb], ok=(0, 3))
            print(f"  alerts {' '.join(verb):60} {done.seconds:6.2f} s, {done.peak_mb:.0f} MB")
        day = _DAY + timedelta(days=1)
        over = [finding(number, None, day) for number in range(count - _BREACHES)]
        took("all findings over, written", lambda: alerts._observe(over))  # noqa: SLF001
        took("sent", alerts.send)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of the process: {peak:.0f} MB (limit 500 MB); {busy()}")


def _stormy(number: int) -> Observation:
    is_critical = number % _CRITICAL_EVERY == 0
    return finding(number, Severity.CRITICAL if is_critical else Severity.WARNING)


def took(what: str, work: Callable[[], T]) -> T:
    began, used = time.perf_counter(), time.process_time()
    result = work()
    wall, used = time.perf_counter() - began, time.process_time() - used
    print(f"  {what:32} {wall:7.2f} s (processor {used:.2f} s)", flush=True)
    return result


def told(alerts: Alerts) -> None:
    """Count what is critical and was told nobody outside; there must be none."""
    table = metadata.tables["alert_transition"]
    wanted = select(table.c.detail).where(table.c.level == "critical", table.c.kind == "fired")
    with alerts.factory.state.reading() as connection:
        rows = [row.detail["told"] for row in connection.execute(wanted)]
        outbox = metadata.tables["outbox"]
        counts = connection.execute(
            select(outbox.c.severity, outbox.c.status, func.count()).group_by("severity", "status")
        ).all()
    lost = [each for each in rows if not any(to["channel"] == "slack" for to in each
            if "withheld" not in to)]  # fmt: skip
    print(f"  {len(rows)} critical, {len(lost)} of them told nobody; messages: {counts}")


# ---- the tape -----------------------------------------------------------------------------------


def tape(runs: int) -> None:
    """Put the tape into the inbox and run; Slack has it when the peer says so."""
    if not (TAPE / "loans.csv").exists():
        print(f"skipped: no reference tape at {TAPE}")
        return
    waits, whole, after = [], [], []
    for _ in range(runs):
        with workspace() as root:
            for file in TAPE.glob("*.csv"):
                shutil.copy(file, root / "inbox")
            began = time.time()
            command = [FACTORY, "run", "--workspace", str(root)]
            whole.append(timed(command, ok=(0, 3)).seconds)
            first, committed = _first_by_slack(root)
            waits.append(first - began)
            after.append(first - committed)
    print(f"file in the inbox to Slack's receipt (limit 5 s): {spread(waits)}; {busy()}")
    print(f"  of it from the commit on: {spread(after)}; the whole command: {spread(whole)}")


def _first_by_slack(root: Path) -> tuple[float, float]:
    outbox, attempt, run = (metadata.tables[name] for name in ("outbox", "attempt", "run"))
    wanted = (
        select(attempt.c.ended_at)
        .join(outbox, attempt.c.outbox == outbox.c.sequence)
        .where(attempt.c.word == "accepted", outbox.c.channel == "slack")
        .order_by(attempt.c.ended_at)
        .limit(1)
    )
    with Factory(Workspace(root)).state.reading() as connection:
        first = connection.execute(wanted).scalar_one()
        committed = connection.execute(select(run.c.committed_at)).scalar_one()
    return first.timestamp(), committed.timestamp()


def main() -> None:
    """Measure each part in a process of its own: the peak of one is not another's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000)
    parser.add_argument("--storm", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--part", choices=("latency", "storm", "tape"))
    given = parser.parse_args()
    parts = {
        "latency": lambda: latency(given.alerts),
        "storm": lambda: storm(given.storm),
        "tape": lambda: tape(given.runs),
    }
    if given.part:
        parts[given.part]()
        return
    for part in parts:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", part], check=True)


if __name__ == "__main__":
    main()
