"""What lies beside a chain (head file, key, guard) and what is told when it does not fit."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from audit_chain import AT, Found, Write, entry, rows, tampering
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from fintech_factory.clock import FixedClock
from fintech_factory.errors import FactoryError
from fintech_factory.state.audit import COLUMNS, Head, append
from fintech_factory.state.audit_folder import AuditFolder
from fintech_factory.state.audit_guard import drop_guard, missing_guards
from fintech_factory.state.audit_key import make_key
from fintech_factory.state.audit_seal import Pin, Purpose, pin
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_checkpoint, audit_entry


def test_what_was_cut_is_told_by_the_next_entry_and_stays_told(
    write: Write,
    found: Found,
    state: State,
    trail: Trail,
) -> None:
    """The tail is cut, and work goes on until the chain is longer than it ever was."""
    for _ in range(4):
        write()
    with tampering(state) as tamper:
        for table in (audit_entry, audit_checkpoint):
            tamper.execute(delete(table).where(table.c.sequence > 3))
    for _ in range(5):
        write()
    faults = found().faults
    assert [(each.sequence, each.what) for each in faults] == [
        (4, "when entry 4 was written, entries 4 to 5 were gone")
    ]
    with state.transaction() as connection:
        head = trail.acknowledge(connection, 4, (AT, "ana"), "a backup was restored")
    trail.seal(head)
    verdict = found()
    assert verdict.is_intact
    assert [each.sequence for each in verdict.acknowledged] == [4]


def test_only_a_disturbance_can_be_answered_for(write: Write, state: State, trail: Trail) -> None:
    write()
    with state.transaction() as connection, pytest.raises(FactoryError, match="no disturbance"):
        trail.acknowledge(connection, 2, (AT, "ana"), "it is nothing")


def test_entries_without_a_signature_are_told_by_the_next_one(
    write: Write,
    found: Found,
    state: State,
) -> None:
    write()
    with state.transaction() as connection:
        append(connection, [entry(), entry()])
    write()
    fault = found().faults[0]
    assert (fault.sequence, "entries 3 to 4 bore no signature" in fault.what) == (5, True)


@pytest.mark.parametrize("how", ["gone", "spoilt"])
def test_a_head_file_that_is_gone_or_spoilt_is_told(
    how: str,
    write: Write,
    found: Found,
    trail: Trail,
) -> None:
    write()
    if how == "gone":
        trail.folder.head.unlink()
    else:
        forged = trail.folder.head.read_text().replace('"sequence": 2', '"sequence": 1')
        trail.folder.head.write_text(forged)
    write()
    fault = found().faults[0]
    assert (fault.sequence, "head.json" in fault.what) == (3, True)


def test_a_crash_before_the_head_file_is_no_tampering(
    write: Write,
    found: Found,
    state: State,
    trail: Trail,
) -> None:
    write()
    with state.transaction() as connection:
        trail.append(connection, [entry()])
    assert found().is_intact
    write()
    assert found().is_intact


def test_a_head_file_never_goes_back(write: Write, trail: Trail) -> None:
    """Two commands end at once: the one that committed first writes its file last."""
    head = write()
    write()
    trail.seal(head)
    held = trail.folder.read_head()
    assert held is not None
    assert held.sequence == 3


def test_an_anchor_is_no_head_file(write: Write, trail: Trail) -> None:
    """An older anchor that lies about must not hide what was cut since."""
    anchor = pin(Purpose.ANCHOR, write(), trail.key(), AT)
    assert anchor.holds(Purpose.ANCHOR)
    assert not anchor.holds(Purpose.HEAD)
    renamed = Pin.of_json(anchor.as_json() | {"purpose": "head"})
    assert not renamed.holds(Purpose.HEAD)


def test_a_head_from_elsewhere_must_still_be_in_the_chain(write: Write, found: Found) -> None:
    kept = write()
    write()
    assert found(anchor=kept).is_intact
    assert "anchor names" in found(anchor=Head(2, "0" * 64)).faults[0].what
    assert "anchor knows of entry 9" in found(anchor=Head(9, "0" * 64)).faults[0].what


def test_another_key_signs_once_the_old_one_has_signed_that(
    write: Write,
    found: Found,
    state: State,
    trail: Trail,
    tmp_path: Path,
) -> None:
    write()
    with state.transaction() as connection:
        head = trail.rotate(connection, make_key(tmp_path / "new.pem"), (AT, "ana"), "yearly")
    trail.seal(head)
    write()
    verdict = found()
    assert verdict.is_intact
    assert len(verdict.keys) == 2


def test_a_key_that_the_chain_does_not_know_signs_nothing(
    write: Write, state: State, trail: Trail
) -> None:
    write()
    trail.folder.key.unlink()
    make_key(trail.folder.key)
    again = Trail(trail.folder, trail.clock)
    with state.transaction() as connection, pytest.raises(FactoryError, match="not the one"):
        again.append(connection, [entry()])


def test_a_lost_key_is_never_made_anew(write: Write, state: State, trail: Trail) -> None:
    write()
    trail.folder.key.unlink()
    again = Trail(trail.folder, trail.clock)
    with state.transaction() as connection, pytest.raises(FactoryError, match="cannot be read"):
        again.append(connection, [entry()])
    assert not trail.folder.key.exists()


def test_a_chain_signed_anew_by_another_key_is_not_ours(
    write: Write,
    found: Found,
    state: State,
    tmp_path: Path,
) -> None:
    """Whoever rewrites everything by a key of their own meets the first key beside the database."""
    write()
    forger = Trail(AuditFolder(tmp_path / "forger"), FixedClock(AT))
    with tampering(state) as tamper:
        for table in (audit_entry, audit_checkpoint):
            tamper.execute(delete(table))
        forger.append(tamper, [entry(actor="eve")])
    whats = [each.what for each in found().faults]
    assert whats[0] == "the first entry names another key than state/audit/key.pub"


def test_the_key_is_readable_by_its_owner_alone(write: Write, trail: Trail) -> None:
    write()
    assert trail.folder.key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("table", ["audit_entry", "audit_checkpoint"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "REPLACE", "TRUNCATE"])
def test_the_database_itself_refuses_a_change(
    table: str, verb: str, write: Write, state: State
) -> None:
    write()
    statement = {
        "UPDATE": f"UPDATE {table} SET time = 'x'",
        "DELETE": f"DELETE FROM {table}",
        "REPLACE": f"REPLACE INTO {table} SELECT * FROM {table}",
        "TRUNCATE": f"TRUNCATE {table}",
    }[verb]
    if (verb == "REPLACE") != state.is_sqlite and verb in {"REPLACE", "TRUNCATE"}:
        pytest.skip("the database has no such statement")
    with state.transaction() as connection, pytest.raises(DBAPIError, match="only grows"):
        connection.execute(text(statement))


def test_a_guard_that_is_gone_is_a_fault(write: Write, found: Found, state: State) -> None:
    write()
    with state.transaction() as connection:
        drop_guard(connection)
        names = missing_guards(connection)
    assert names
    assert [each.what.split()[2] for each in found().faults] == list(names)


def test_a_transaction_that_fails_leaves_no_entry(write: Write, found: Found, state: State) -> None:
    write()
    with suppress(RuntimeError), state.transaction() as connection:
        append(connection, [entry()])
        raise RuntimeError
    assert found().entries == 2


def test_times_are_kept_in_utc(write: Write, state: State) -> None:
    write(entry(at=AT + timedelta(microseconds=1)))
    assert rows(state)[1][COLUMNS.index("time")] == "2026-11-25T03:00:00.000001+00:00"


@pytest.mark.parametrize("point", ["before its entry", "before its file", "between its files"])
def test_a_change_of_keys_that_was_cut_short_is_finished_by_the_next_entry(
    point: str, write: Write, found: Found, state: State, trail: Trail
) -> None:
    write()
    old = trail.key()
    new = make_key(trail.folder.coming)
    if point != "before its entry":
        with state.transaction() as connection:
            trail.rotate(connection, new, (AT, "ana"), "yearly")
    if point == "between its files":
        (trail.folder.root / f"key.{old.key_id}.pem").hardlink_to(trail.folder.key)
    again = Trail(trail.folder, trail.clock)
    with state.transaction() as connection:
        head = again.append(connection, [entry()])
    again.seal(head)
    assert found().is_intact
    in_use = old if point == "before its entry" else new
    assert Trail(trail.folder, trail.clock).key().public == in_use.public


def test_many_that_write_at_once_make_one_chain(
    write: Write, found: Found, state: State, trail: Trail
) -> None:
    """Each opens the trail for itself, as processes do."""

    def writes(_: int) -> None:
        own = Trail(trail.folder, trail.clock)
        for _ in range(5):
            with state.transaction() as connection:
                head = own.append(connection, [entry(), entry()])
            own.seal(head)

    write()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writes, range(4)))
    verdict = found()
    assert verdict.is_intact
    assert (verdict.entries, verdict.checkpoints) == (2 + 4 * 5 * 2, 1 + 4 * 5)
    held = trail.folder.read_head()
    assert held is not None
    assert held.sequence == verdict.head.sequence
