"""A finding is found, lived with for a while, fixed, and open again when it returns."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fintech_factory.validation.findings import (
    Event,
    EventKind,
    Examined,
    Found,
    Sighting,
    State,
    Tracked,
    fold,
    sweep,
)
from fintech_factory.validation.gate import blocking
from fintech_factory.values import Finding, Severity

MORNING = datetime(2025, 7, 1, 4, tzinfo=UTC)
TODAY = MORNING.date()
CHECK = "reconcile.loans.balance"


def found(rows: int = 1, severity: Severity = Severity.WARNING, message: str = "one") -> Found:
    finding = Finding("source_figures_open", severity, message, where="loans.balance", rows=rows)
    return Found(finding, CHECK, "finance")


def look(*seen: Found, day: int = 0, as_of: date | None = None) -> tuple[Sighting, list[Examined]]:
    """Look at one check, so many days after the first morning."""
    at = MORNING + timedelta(days=day)
    return Sighting(at, as_of or at.date(), f"run-{day}"), [Examined(CHECK, seen)]


def lived(*steps: tuple[Sighting, list[Examined]] | Event) -> dict[str, Tracked]:
    events: list[Event] = []
    for step in steps:
        if isinstance(step, Event):
            events.append(step)
        else:
            sighting, examined = step
            events += sweep(fold(events), examined, sighting)
    return fold(events)


def only(*steps: tuple[Sighting, list[Examined]] | Event) -> Tracked:
    (tracked,) = lived(*steps).values()
    return tracked


def accepted(until: date = TODAY + timedelta(days=30)) -> Event:
    return Event(EventKind.ACCEPTED, found().id, MORNING, by="ana", reason="known", until=until)


def test_what_is_found_is_open_and_remembers_when() -> None:
    tracked = only(look(found()), look(found(), day=3))
    assert tracked.state_on(TODAY) is State.OPEN
    assert (tracked.first_seen, tracked.last_seen) == (MORNING, MORNING + timedelta(days=3))
    assert tracked.seen == 2


def test_the_same_thing_in_other_words_is_the_same_finding() -> None:
    tracked = only(look(found(1)), look(found(2, message="two"), day=1))
    assert (tracked.found.finding.message, tracked.found.finding.rows) == ("two", 2)


def test_what_is_seen_again_unchanged_is_noted_without_repeating_it() -> None:
    history = only(look(found()), look(found(), day=1)).history
    assert [(each.kind, each.found is None) for each in history] == [
        (EventKind.FOUND, False),
        (EventKind.SEEN, True),
    ]


def test_a_check_that_no_longer_finds_it_says_it_is_fixed() -> None:
    tracked = only(look(found()), look(day=1))
    assert tracked.state_on(TODAY) is State.FIXED


def test_a_check_that_did_not_run_fixes_nothing() -> None:
    another = (Sighting(MORNING + timedelta(days=1), TODAY), [Examined("engines")])
    assert only(look(found()), another).state_on(TODAY) is State.OPEN


def test_a_look_at_an_older_date_fixes_nothing() -> None:
    backfill = look(day=1, as_of=TODAY - timedelta(days=1))
    assert only(look(found()), backfill).state_on(TODAY) is State.OPEN


def test_a_look_at_the_same_date_fixes_it() -> None:
    assert only(look(found()), look(day=1, as_of=TODAY)).state_on(TODAY) is State.FIXED


def test_a_backfill_that_finds_it_too_does_not_make_it_an_old_one() -> None:
    """Found today and on the first of June: a look at mid-June must not sweep it away."""
    older = look(found(9, message="june"), day=1, as_of=date(2025, 6, 1))
    tracked = only(look(found()), older, look(day=2, as_of=date(2025, 6, 15)))
    assert tracked.state_on(TODAY) is State.OPEN
    assert (tracked.as_of, tracked.found.finding.message) == (TODAY, "one")


def test_what_returns_is_open_again_whatever_was_accepted_before() -> None:
    tracked = only(look(found()), accepted(), look(day=1), look(found(), day=2))
    assert tracked.state_on(TODAY) is State.OPEN


def test_an_acceptance_holds_with_its_last_day_and_not_a_day_longer() -> None:
    tracked = only(look(found()), accepted(TODAY))
    assert tracked.state_on(TODAY) is State.ACCEPTED
    assert tracked.state_on(TODAY + timedelta(days=1)) is State.OPEN


def test_reopening_takes_an_acceptance_back() -> None:
    reopened = Event(EventKind.REOPENED, found().id, MORNING, by="ana", reason="no")
    assert only(look(found()), accepted(), reopened).state_on(TODAY) is State.OPEN


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (found(10), found(20), State.ACCEPTED),
        (found(10), found(21), State.OPEN),
        (found(10), found(10, Severity.CRITICAL), State.OPEN),
        (found(10, Severity.CRITICAL), found(11, Severity.CRITICAL), State.OPEN),
        (found(10, Severity.CRITICAL), found(99), State.ACCEPTED),
    ],
)
def test_what_gets_worse_than_it_was_accepted_as_is_open(
    before: Found, now: Found, state: State
) -> None:
    assert only(look(before), accepted(), look(now, day=1)).state_on(TODAY) is state


def test_one_thing_found_twice_in_a_look_is_one_finding_of_the_graver_kind() -> None:
    tracked = only(look(found(2), found(3, Severity.CRITICAL)))
    assert (tracked.found.finding.rows, tracked.severity) == (5, Severity.CRITICAL)


def test_two_things_of_one_place_are_told_apart_by_their_subject() -> None:
    assert len(lived(look(found(), replace(found(), subject="L2")))) == 2


def stopped(each: Found, *steps: Event, blocks: tuple[str, ...] = ("source_figures_open",)) -> bool:
    return bool(blocking([Examined(CHECK, (each,))], lived(look(each), *steps), blocks, TODAY))


def test_a_critical_finding_of_a_blocking_kind_stops_the_publish() -> None:
    grave = found(1, Severity.CRITICAL)
    assert stopped(grave)
    assert not stopped(grave, blocks=("rows_lost",))
    assert not stopped(found())
    assert not stopped(grave, accepted())
    assert stopped(grave, accepted(TODAY - timedelta(days=1)))
