"""Work that is due, as it is tried, put off, stopped and taken over: one result, told once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alert_world import Clock
from sqlalchemy import select, update

from fintech_factory import faults
from fintech_factory.app.factory import Factory
from fintech_factory.app.slots import Slots
from fintech_factory.app.work import Work
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ModelError, WriterBusy
from fintech_factory.pipeline import day as day_module
from fintech_factory.pipeline.schedule import Work as Does
from fintech_factory.pipeline.slot import Cause
from fintech_factory.pipeline.slot_store import Asked, put_down
from fintech_factory.state.tables import metadata

NOW = "2025-12-11T05:00"
slot, alert, run = (metadata.tables[each] for each in ("slot", "alert", "run"))
attempt = metadata.tables["run_attempt"]
Fail = Callable[..., None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, NOW)


@pytest.fixture
def opened(workspace: Path, clock: Clock) -> Iterator[Factory]:
    """A workspace in which one piece of work is due, and nothing else."""
    factory = Factory(Workspace(workspace))
    now = clock.now()
    asked = Asked("arrival", "a", Does.RUN, Cause.ARRIVAL, now, {"force": True})
    with factory.state.transaction() as connection:
        put_down(connection, [asked], now)
    yield factory
    factory.close()


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let the step `verify` end in these ways, one try after the other; then as it does."""

    def in_turn(*ways: Exception) -> None:
        left, compare = list(ways), day_module.compare

        def broken(*given: Any) -> Any:  # noqa: ANN401 - whatever is compared
            if left:
                raise left.pop(0)
            return compare(*given)

        monkeypatch.setattr(day_module, "compare", broken)

    return in_turn


def work(factory: Factory, **how: Any) -> Work:  # noqa: ANN401 - of Work
    """Work whose waits are as long as they may be."""
    return Work(factory, chance=lambda: 1.0, follows=False, **how)


def stands(factory: Factory) -> Any:  # noqa: ANN401 - a row
    with factory.state.reading() as connection:
        return connection.execute(select(slot)).one()


def tries(factory: Factory) -> list[str]:
    with factory.state.reading() as connection:
        wanted = select(attempt.c.status).where(attempt.c.slot.is_not(None))
        return list(connection.execute(wanted.order_by(attempt.c.sequence)).scalars())


def told(factory: Factory) -> int:
    with factory.state.reading() as connection:
        wanted = select(alert.c.alert_id).where(alert.c.rule == "pipeline_failed")
        return len(connection.execute(wanted).all())


def published(factory: Factory) -> int:
    with factory.state.reading() as connection:
        return len(connection.execute(select(run.c.run_id)).all())


def waits_for(factory: Factory, clock: Clock) -> int:
    """Give in how many seconds it is due."""
    return round((stands(factory).due_at - clock.now()).total_seconds())


def test_a_run_is_tried_three_times_with_growing_waits_and_then_told_of(
    opened: Factory, clock: Clock, fail: Fail
) -> None:
    fail(*[OSError("the engine gave up")] * 3)
    before = published(opened)
    for waited in (60, 120):
        worked = work(opened).one()
        assert worked is not None
        assert (worked.outcome, worked.reason) == ("failed", "OSError: the engine gave up")
        assert waits_for(opened, clock) == pytest.approx(waited, abs=2)
        assert (stands(opened).status, told(opened)) == ("waiting", 0)
        # Nobody works at it before its time.
        clock.on(seconds=waited - 10)
        assert work(opened).one() is None
        clock.on(seconds=11)
    worked = work(opened).one()
    assert worked is not None
    assert worked.failed
    assert (stands(opened).status, told(opened), tries(opened)) == ("failed", 1, ["failed"] * 3)
    clock.on(days=1)
    assert work(opened).one() is None
    assert published(opened) == before


def test_a_try_that_goes_well_ends_it_and_tells_of_no_failure(
    opened: Factory, clock: Clock, fail: Fail
) -> None:
    fail(OSError("once"))
    before = published(opened)
    assert [work(opened).one().outcome] == ["failed"]  # type: ignore[union-attr]
    clock.on(seconds=61)
    assert [work(opened).one().outcome] == ["published"]  # type: ignore[union-attr]
    assert (stands(opened).status, tries(opened)) == ("done", ["failed", "published"])
    assert (published(opened), told(opened)) == (before + 1, 0)


def test_what_would_fail_again_in_the_same_way_is_told_of_at_once(
    opened: Factory, fail: Fail
) -> None:
    fail(ModelError("no such column"))
    assert work(opened).one().outcome == "failed"  # type: ignore[union-attr]
    assert (stands(opened).status, tries(opened), told(opened)) == ("failed", ["failed"], 1)


def test_whoever_says_when_to_come_again_is_not_asked_earlier(
    opened: Factory, clock: Clock, fail: Fail
) -> None:
    busy = OSError("too many requests")
    busy.retry_after_s = 600  # type: ignore[attr-defined]
    fail(busy)
    work(opened).one()
    assert waits_for(opened, clock) == pytest.approx(600, abs=2)


def test_another_process_at_work_is_no_failed_try_until_it_lasts_too_long(
    opened: Factory, clock: Clock, fail: Fail
) -> None:
    fail(*[WriterBusy("another run is at work")] * 9)
    for _ in range(5):
        assert work(opened).one().outcome == "busy"  # type: ignore[union-attr]
        assert waits_for(opened, clock) == pytest.approx(5, abs=2)
        clock.on(seconds=6)
    assert (stands(opened).attempts, told(opened)) == (0, 0)
    clock.on(hours=3)
    assert work(opened).one().outcome == "failed"  # type: ignore[union-attr]
    assert stands(opened).attempts == 1


def at(point: str, do: Callable[[], object]) -> Any:  # noqa: ANN401 - a context
    """Do something when the work comes to a point for the first time."""
    done: list[object] = []
    return faults.watched(lambda met: None if met != point or done else done.append(do()))


def before_verify(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    compare = day_module.compare

    def first(*given: Any) -> Any:  # noqa: ANN401 - whatever is compared
        do()
        return compare(*given)

    monkeypatch.setattr(day_module, "compare", first)


@pytest.mark.parametrize(
    ("wanted", "status", "ended"),
    [("cancel", "cancelled", "cancelled"), ("pause",) + ("paused",) * 2],
)
def test_a_run_that_somebody_stops_ends_before_its_next_step(
    opened: Factory, monkeypatch: pytest.MonkeyPatch, wanted: str, status: str, ended: str
) -> None:
    before = published(opened)
    sequence = stands(opened).sequence

    def stop() -> None:
        other = Factory(opened.workspace)
        Slots(other).ask(sequence, wanted, "wrong export")
        other.close()

    before_verify(monkeypatch, stop)
    worked = work(opened).one()
    assert worked is not None
    assert worked.outcome == ended
    assert "stopped before `observe`" in worked.reason
    assert (stands(opened).status, tries(opened)) == (status, [ended])
    assert (published(opened), told(opened)) == (before, 0)
    assert work(opened).one() is None
    if wanted == "pause":
        monkeypatch.undo()
        Clock(monkeypatch, NOW)
        Slots(opened).ask(sequence, "resume", "")
        assert work(opened).one().outcome == "published"  # type: ignore[union-attr]


def test_a_process_that_is_asked_to_end_hands_its_work_over_and_loses_no_try(
    opened: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[bool] = []
    before_verify(monkeypatch, lambda: ends.append(True))
    worked = work(opened, stopping=lambda: bool(ends)).one()
    assert worked is not None
    assert worked.outcome == "handed_over"
    assert (stands(opened).status, stands(opened).attempts) == ("waiting", 0)
    assert work(opened).one().outcome == "published"  # type: ignore[union-attr]
    assert tries(opened) == ["handed_over", "published"]


@pytest.mark.parametrize("point", ["run.before_seal", "run.sealed"])
def test_whoever_lost_its_lease_publishes_nothing(
    opened: Factory, clock: Clock, point: str
) -> None:
    """It was thought dead and another took over: that one's result counts, whoever is faster."""
    before = published(opened)
    version = opened.current().name  # type: ignore[union-attr]

    def take_over() -> None:
        other = Factory(opened.workspace)
        with other.state.transaction() as connection:
            connection.execute(update(slot).values(fence=slot.c.fence + 1))
        other.close()

    with at(point, take_over):
        worked = work(opened).one()
    assert worked is not None
    assert worked.outcome == "lost"
    assert published(opened) == before
    assert Factory(opened.workspace).current().name == version  # type: ignore[union-attr]
    assert told(opened) == 0
    # Nobody has heard of it for a lease: it is done by whoever comes next.
    clock.on(seconds=60)
    assert work(opened).one().outcome == "published"  # type: ignore[union-attr]
    assert published(opened) == before + 1


def test_work_that_is_killed_at_every_try_is_given_up_and_told_of(
    opened: Factory, clock: Clock
) -> None:
    gone = "nowhere boot 1 1"
    for number in range(1, 4):
        taken = work(opened)
        (due,) = taken.due()
        assert taken._claim(due) is not None
        with opened.state.transaction() as connection:
            connection.execute(update(slot).values(lease_owner=gone))
        assert work(opened).free() == []
        clock.on(seconds=31)
        assert len(work(opened).free()) == 1
        assert stands(opened).attempts == number
    assert (stands(opened).status, tries(opened), told(opened)) == ("failed", ["lost"] * 3, 1)


def test_what_has_a_deadline_comes_before_what_fell_due_earlier(
    opened: Factory, clock: Clock
) -> None:
    """A run may take longer than there is time until everybody is to be told."""
    now = clock.now()
    asked = [
        Asked("daily", "promise", Does.DEADLINE, Cause.SCHEDULE, now),
        Asked("daily", "told", Does.SNAPSHOT, Cause.SCHEDULE, now),
    ]
    with opened.state.transaction() as connection:
        put_down(connection, asked, now)
    assert [each.slot for each in work(opened).due()] == ["promise", "told", "a"]
