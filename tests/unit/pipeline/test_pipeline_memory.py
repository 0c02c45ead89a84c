"""What is remembered survives a reset and a run that never wrote its own down."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.pipeline.baseline_store import Reset, starts_at
from fintech_factory.pipeline.memory import Memory, answered_by
from fintech_factory.pipeline.run_log import BLOCKED, PUBLISHED, RunEntry
from fintech_factory.state.runs import RunRow, add
from fintech_factory.state.store import State as Database
from fintech_factory.validation.baseline import Baseline
from fintech_factory.validation.findings import Examined, Found, Sighting, State
from fintech_factory.values import Finding, Severity
from fintech_factory.warehouse.protocol import RunRecord, Version

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
DAY = NOON.date()


@pytest.fixture
def memory(state: Database, tmp_path: Path) -> Memory:
    return Memory.of(state, tmp_path / "evidence")


Change = Callable[..., object]


def keep(memory: Memory, change: Change, *arguments: object) -> None:
    """Make one change in a transaction of its own."""
    with memory.state.transaction() as connection:
        change(connection, *arguments)


def ran(memory: Memory, entry: RunEntry) -> None:
    row = RunRow(
        entry.run_id, entry.status, "", {}, entry.batch_id, entry.as_of, entry.at, entry.at,
        reason=entry.reason, findings=entry.findings,
    )  # fmt: skip
    keep(memory, add, row)


def found(check: str = "volume.loans") -> Found:
    finding = Finding(
        "volume_drift", Severity.WARNING, "less", "loans", "look", 3, ({"now": "1", "n": 2},)
    )
    return Found(finding, check, "technology", "L1")


def version(finished_at: datetime, batch: str = "b1") -> Version:
    run = RunRecord("run", "", (DAY,), DAY, DAY, (batch,), finished_at)
    return Version("run", Path("run.duckdb"), run)


def run(status: str, hour: int = 12, batch: str = "b1") -> RunEntry:
    return RunEntry(f"run-{hour}", NOON.replace(hour=hour), status, batch, DAY, "why", ("f1",))


def test_a_finding_comes_back_as_it_was_kept(memory: Memory) -> None:
    look = (Sighting(NOON, DAY, "run-1"), [Examined("volume.loans", (found(),))])
    kept, _ = memory.grown([look])
    keep(memory, memory.remember, [look])
    assert memory.after([]) == kept
    assert kept[found().id].found == found()


def test_what_is_only_looked_at_is_not_kept(memory: Memory) -> None:
    seen = memory.after([(Sighting(NOON), [Examined("volume.loans", (found(),))])])
    assert seen[found().id].state_on(DAY) is State.OPEN
    assert memory.findings.events() == []


def test_a_baseline_of_an_older_date_does_not_take_the_place_of_a_newer(memory: Memory) -> None:
    log = memory.baselines
    newer = Baseline("kpi.par_90.level", DAY, ("2025-06-30",), mean=Decimal("1.5"))
    keep(memory, log.keep, [newer])
    keep(memory, log.keep, [Baseline("kpi.par_90.level", date(2025, 1, 31))])
    assert log.latest() == {"kpi.par_90.level": newer}


def test_a_reset_empties_what_it_covers_and_is_never_forgotten(memory: Memory) -> None:
    log = memory.baselines
    keep(memory, log.keep, [Baseline("kpi.par_90.level", DAY), Baseline("kpi.par_9.level", DAY)])
    reset = Reset("kpi.par_90", DAY, NOON, "ana", "new product")
    keep(memory, log.reset, reset)
    keep(memory, log.keep, [Baseline("volume.loans.rows", DAY)])
    assert set(log.latest()) == {"kpi.par_9.level", "volume.loans.rows"}
    assert log.resets() == [reset]
    assert starts_at(log.resets(), "kpi.par_90.change") == DAY
    assert starts_at(log.resets(), "kpi.par_9.level") == date.min


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("volume.loans", State.FIXED),
        ("volume.loans.rows", State.FIXED),
        ("volume", State.FIXED),
        ("volume.schedules", State.OPEN),
    ],
)
def test_a_reset_answers_what_was_found_by_the_baseline(
    memory: Memory, name: str, becomes: State
) -> None:
    look = (Sighting(NOON, DAY), [Examined("volume.loans", (found(),))])
    keep(memory, memory.remember, [look])
    reset = Reset(name, DAY, NOON, "ana", "new product")
    keep(memory, memory.findings.append, answered_by(reset, memory.after([])))
    tracked = memory.after([])[found().id]
    assert tracked.state_on(DAY) is becomes
    if becomes is State.FIXED:
        assert (tracked.history[-1].by, tracked.history[-1].reason) == ("ana", "new product")


def test_a_blocked_run_labels_what_is_published_until_a_later_one_publishes(
    memory: Memory,
) -> None:
    published = version(NOON.replace(hour=8))
    assert memory.block(published) is None
    ran(memory, run(BLOCKED))
    assert memory.block(published) == run(BLOCKED)
    assert memory.block(None) == run(BLOCKED)
    # Published, and stopped before it could say so.
    assert memory.block(version(NOON.replace(hour=13))) is None
    ran(memory, run(PUBLISHED, 14))
    assert memory.block(published) is None


def test_a_backfill_of_an_older_date_lifts_no_block(memory: Memory) -> None:
    ran(memory, run(BLOCKED))
    older = replace(run(PUBLISHED, 14), as_of=DAY - timedelta(days=400))
    ran(memory, older)
    earlier = version(NOON.replace(hour=14))
    then = replace(earlier, run=replace(earlier.run, as_ofs=(older.as_of,)))
    assert memory.block(then) == run(BLOCKED)
    assert memory.bad_batches(None) == {run(BLOCKED).batch_id}


def test_an_export_that_was_blocked_is_no_past_until_it_is_published(memory: Memory) -> None:
    ran(memory, run(PUBLISHED, 8, "b1"))
    ran(memory, run(BLOCKED, 9, "b2"))
    assert memory.bad_batches(version(NOON, "b1")) == {"b2"}
    assert memory.bad_batches(version(NOON, "b2")) == set()
    ran(memory, run(PUBLISHED, 10, "b2"))
    assert memory.bad_batches(version(NOON, "b1")) == set()
