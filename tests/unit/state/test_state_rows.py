"""Runs, readings and logs come back as they were written, on either database."""

from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from fintech_factory.state import logs
from fintech_factory.state.runs import ReadingRow, RunRow, add, runs
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry, reading

# Two hours ahead of UTC, to the microsecond.
AT = datetime(2025, 7, 1, 1, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))


def run(run_id: str = "run-1") -> RunRow:
    return RunRow(
        run_id=run_id,
        status="published",
        version=run_id,
        record={"run_id": run_id, "as_ofs": ["2025-06-30"]},
        batch_id="b1",
        as_of=date(2025, 6, 30),
        started_at=AT,
        committed_at=AT,
        arrived_at=AT,
        reason="why",
        findings=("f1", "f2"),
        expected={"cadence": "daily"},
    )


def value(figure: str | None, member: str = "") -> ReadingRow:
    return ReadingRow(
        kpi="par_90",
        as_of=date(2025, 6, 30),
        dimension="entity" if member else "",
        member=member,
        data_through=date(2025, 6, 30),
        status="ok" if figure else "unavailable",
        reason="",
        value=Decimal(figure) if figure else None,
        limit_state=None,
        definition_version=2,
        batch_set="b1",
    )


def test_a_run_comes_back_as_it_was_added(state: State) -> None:
    with state.transaction() as connection:
        add(connection, run())
    with state.rows() as rows:
        (held,) = runs(rows)
    assert held == run()
    assert held.started_at.utcoffset() == timedelta(0)


def test_runs_of_one_moment_come_in_the_order_in_which_they_were_committed(state: State) -> None:
    for run_id in ("run-2", "run-3", "run-1"):
        with state.transaction() as connection:
            add(connection, run(run_id))
    with state.rows() as rows:
        assert [each.run_id for each in runs(rows)] == ["run-2", "run-3", "run-1"]


def test_a_run_is_added_once(state: State) -> None:
    with state.transaction() as connection:
        add(connection, run())
    with pytest.raises(IntegrityError), state.transaction() as connection:
        add(connection, run())


def test_readings_keep_every_digit_and_none_is_not_zero(state: State) -> None:
    figures = ["1E-30", "0.10", "5.4615384615384615384615384615384615", None]
    members = ["", "North", "a member with a name of more than 120 letters " * 3, "South"]
    with state.transaction() as connection:
        add(connection, run(), list(map(value, figures, members)))
    with state.reading() as connection:
        found = connection.execute(select(reading.c.member, reading.c.value))
        held = {row.member: row.value for row in found}
    assert [value and format(value, "f") for value in map(held.get, members)] == [
        "0.000000000000000000000000000001",
        "0.10",
        "5.4615384615384615384615384615384615",
        None,
    ]


def test_a_reading_of_no_run_is_refused(state: State) -> None:
    orphan = {"run_id": "no-such-run", **asdict(value("1"))}
    with pytest.raises(IntegrityError), state.transaction() as connection:
        connection.execute(reading.insert(), orphan)


def test_a_log_is_read_in_the_order_of_its_entries_and_apart_from_others(state: State) -> None:
    with state.transaction() as connection:
        logs.append(connection, "a", [{"n": 1, "text": "ñ 100 % ?"}, {"n": 2}])
        logs.append(connection, "b", [{"n": 3}])
        logs.append(connection, "a", [])
        logs.append(connection, "a", [{"n": 4, "nothing": None}])
    with state.rows() as rows:
        assert logs.entries(rows, "a") == [
            {"n": 1, "text": "ñ 100 % ?"}, {"n": 2}, {"n": 4, "nothing": None},
        ]  # fmt: skip
        assert logs.entries(rows, "b") == [{"n": 3}]


def test_a_log_is_written_anew_without_the_others(state: State) -> None:
    with state.transaction() as connection:
        logs.append(connection, "a", [{"n": 1}, {"n": 2}])
        logs.append(connection, "b", [{"n": 3}])
        logs.replace(connection, "a", [{"n": 5}])
    with state.rows() as rows:
        assert (logs.entries(rows, "a"), logs.entries(rows, "b")) == ([{"n": 5}], [{"n": 3}])


def test_within_a_transaction_its_own_changes_are_seen_and_outside_of_it_not(
    state: State,
) -> None:
    other = State(state.url)
    with state.transaction() as connection:
        logs.append(connection, "a", [{"n": 1}])
        with state.rows() as rows:
            assert logs.entries(rows, "a") == [{"n": 1}]
            assert rows.has("log_entry")
            assert not rows.has("no_such_table")
        with other.rows() as rows:
            assert logs.entries(rows, "a") == []
            assert not rows.has("no_such_table")
    other.close()


def test_rows_that_are_read_together_are_of_one_moment(state: State) -> None:
    with state.rows() as rows:
        assert logs.entries(rows, "a") == []
        with State(state.url).transaction() as connection:
            logs.append(connection, "a", [{"n": 1}])
        assert logs.entries(rows, "a") == []
    with state.rows() as rows:
        assert logs.entries(rows, "a") == [{"n": 1}]


def test_what_is_read_through_sqlalchemy_is_of_one_moment_and_changes_nothing(
    state: State,
) -> None:
    count = select(func.count()).select_from(log_entry)
    with state.reading() as reader:
        assert reader.execute(count).scalar_one() == 0
        with state.transaction() as connection:
            logs.append(connection, "a", [{"n": 1}])
        assert reader.execute(count).scalar_one() == 0
    with state.reading() as reader, suppress(DBAPIError):
        logs.append(reader, "a", [{"n": 2}])
    with state.transaction() as connection:
        assert connection.execute(count).scalar_one() == 1


def test_a_moment_without_its_zone_is_refused(state: State) -> None:
    naive = replace(run(), started_at=datetime(2025, 7, 1))  # noqa: DTZ001 - that is the fault
    with (
        pytest.raises(StatementError, match="does not say its time zone"),
        state.transaction() as connection,
    ):
        add(connection, naive)
