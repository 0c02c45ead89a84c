"""What the doctor says of what it saw: each bound, on both of its sides."""

from datetime import UTC, datetime, timedelta

import pytest

from fintech_factory.app.doctor.areas.audit import judge_anchor
from fintech_factory.app.doctor.areas.clock import Recorded, judge_clock, judge_moments
from fintech_factory.app.doctor.areas.disk import Disk, judge_room
from fintech_factory.app.doctor.areas.outbox import Pile, judge_waiting
from fintech_factory.app.doctor.areas.quota import Asked, judge_pauses, judge_size
from fintech_factory.app.doctor.areas.runs import Beat, Last, judge_beat, judge_last
from fintech_factory.app.doctor.areas.state import judge_log, judge_revision, judge_server_clock

NOW = datetime(2025, 7, 1, 6, tzinfo=UTC)
S, M, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("free", "code"),
    [(99, "disk_full"), (100, "disk_low"), (499, "disk_low"), (500, "disk_has_room")],
)
def test_room_for_one_run_is_needed_and_for_five_is_enough(free: int, code: str) -> None:
    assert judge_room(Disk(("warehouse/",), free, 1000), 100).code == code


def test_a_disk_without_room_for_files_is_full() -> None:
    assert judge_room(Disk(("state/",), 900, 1000, inodes=999), 100).code == "disk_full"
    assert judge_room(Disk(("state/",), 900, 1000, inodes=1000), 100).code == "disk_has_room"


@pytest.mark.parametrize(
    ("behind", "code", "grade"),
    [
        (2 * S, "clock_goes_on", "ok"),
        (3 * S, "clock_behind", "warning"),
        (5 * M - S, "clock_behind", "warning"),
        (5 * M, "clock_behind", "critical"),
    ],
)
def test_a_clock_may_be_two_seconds_behind(behind: timedelta, code: str, grade: str) -> None:
    said = judge_clock(NOW, [Recorded("run.committed_at", (NOW + behind).isoformat())])
    assert (said.code, said.grade.value) == (code, grade)


def test_moments_are_in_utc() -> None:
    texts = ["2025-07-01T06:00:00+00:00", "2025-07-01T06:00:00+02:00", "2025-07-01T06:00", "x"]
    said = list(judge_moments([Recorded(text, text) for text in texts]))
    assert [each.where for each in said] == texts[1:]


@pytest.mark.parametrize(
    ("found", "has_published", "code"),
    [
        ("0003", True, "database_reached"),
        ("0002", True, "database_older"),
        ("0004", True, "database_newer"),
        (None, True, "database_gone"),
        (None, False, "database_new"),
    ],
)
def test_revisions(found: str | None, has_published: bool, code: str) -> None:  # noqa: FBT001 - a column
    assert judge_revision(found, "0003", "db", has_published=has_published).code == code


def test_a_log_may_be_as_large_as_its_file() -> None:
    assert judge_log(64_000_000, 1, "wal").code == "log_small"
    assert judge_log(64_000_001, 1, "wal").code == "log_large"
    assert judge_log(70_000_000, 70_000_000, "wal").code == "log_small"


def test_what_a_question_takes_is_no_difference_of_clocks() -> None:
    before, after = NOW, NOW + 10 * S
    assert judge_server_clock(NOW + 12 * S, before, after, "db").code == "server_clock_agrees"
    ahead = judge_server_clock(NOW + 13 * S, before, after, "db")
    assert (ahead.code, "3 s ahead of" in ahead.what) == ("server_clock_differs", True)
    behind = judge_server_clock(NOW - 3 * S, before, after, "db")
    assert (behind.code, "3 s behind" in behind.what) == ("server_clock_differs", True)


def test_an_anchor_is_old_after_a_week() -> None:
    assert judge_anchor(None, NOW).code == "never_anchored"
    assert judge_anchor(NOW - 7 * D, NOW).code == "anchored"
    assert judge_anchor(NOW - 7 * D - S, NOW).code == "anchor_old"


def test_a_message_may_be_five_minutes_late() -> None:
    assert not list(judge_waiting("waiting", [Pile("slack", 1, NOW - 5 * M)], NOW))
    (late,) = judge_waiting("waiting", [Pile("slack", 1, NOW - 5 * M - S)], NOW)
    assert late.code == "message_overdue"


def test_a_pause_holds_until_its_end() -> None:
    (over,) = judge_pauses([Asked("slack", "#a", NOW - 60 * S, 60)], NOW)
    assert over.code == "no_pause"
    (short,) = judge_pauses([Asked("slack", "#a", NOW - 60 * S, 61)], NOW)
    assert (short.code, short.grade.value) == ("retry_after_in_force", "note")
    (long,) = judge_pauses([Asked("slack", "#a", NOW, 901), Asked("slack", "#b", NOW, 5)], NOW)
    assert long.grade.value == "warning"


def test_an_export_near_the_largest() -> None:
    assert judge_size(79, 100).code == "export_fits"
    assert judge_size(80, 100).code == "export_near_the_limit"


def test_a_process_may_be_silent_for_five_minutes() -> None:
    assert judge_beat(Beat("x", NOW - 5 * M, None), NOW).code == "service_heard"
    assert judge_beat(Beat("x", NOW - 5 * M - S, None), NOW).code == "heartbeat_old"
    assert judge_beat(Beat("x", NOW - D, NOW - D), NOW).code == "service_ended"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("published", "run_ended_well"), ("unchanged", "run_ended_well"), ("failed", "run_failed"),
        ("blocked", "run_blocked"), ("lost", "run_lost"),
    ],
)  # fmt: skip
def test_how_the_last_run_ended(status: str, code: str) -> None:
    said = judge_last(Last("r1", status, NOW, "no model runs", "see sql/models"))
    assert said.code == code
    assert code == "run_ended_well" or "no model runs" in said.what
