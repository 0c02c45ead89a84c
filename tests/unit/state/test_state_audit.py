"""A chain that anybody can check, and nobody can change unseen."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from fintech_factory.clock import FixedClock
from fintech_factory.errors import FactoryError
from fintech_factory.state.audit import COLUMNS, GENESIS, Entry, Head, append, hash_of, hashed_text
from fintech_factory.state.audit_folder import AuditFolder
from fintech_factory.state.audit_guard import drop_guard, install_guard, missing_guards
from fintech_factory.state.audit_key import make_key
from fintech_factory.state.audit_seal import Pin, Purpose, pin
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.audit_verdict import Trust, Verdict
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.canonical import canonical
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_checkpoint, audit_entry
from state_databases import Databases

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
Write = Callable[..., Head]
Found = Callable[..., Verdict]


def entry(**fields: Any) -> Entry:  # noqa: ANN401 - whatever an entry takes
    given: dict[str, Any] = {"at": AT, "actor": "ana", "action": "ingest", "subject": "cascade-1"}
    return Entry(**given | fields)


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(AuditFolder(tmp_path / "audit"), FixedClock(AT))


@pytest.fixture
def write(trail: Trail, state: State) -> Write:
    """Write some entries in one transaction, as a command does."""

    def written(*entries: Entry) -> Head:
        with state.transaction() as connection:
            head = trail.append(connection, entries or [entry()])
        trail.seal(head)
        return head

    return written


@pytest.fixture
def found(trail: Trail, state: State) -> Callable[..., Verdict]:
    """Verify with what lies in the folder, and with other heads."""

    def verdict(**heads: Head) -> Verdict:
        held = trail.folder.read_head()
        known = {"head.json": Head(held.sequence, held.head)} if held else {}
        keys = trail.folder.public_keys()
        return verify(state, Trust(keys[0] if keys else None, known | heads))

    return verdict


def rows(state: State) -> list[tuple[Any, ...]]:
    with state.reading() as connection:
        ordered = select(*(audit_entry.c[name] for name in COLUMNS)).order_by("sequence")
        return [tuple(row) for row in connection.execute(ordered)]


@contextmanager
def tampering(state: State) -> Iterator[Connection]:
    """Lend a connection of one who owns the database: the guard is dropped, nothing is refused."""
    with state.transaction() as connection:
        drop_guard(connection)
        yield connection
        install_guard(connection)


def test_the_first_entry_names_the_key_and_each_holds_the_hash_of_the_one_before(
    write: Write, state: State
) -> None:
    write(entry(after={"rows": 3}, batch_hashes=("ab", "cd")), entry(before=None))
    first, second, third = rows(state)
    assert first[COLUMNS.index("action")] == "audit.begun"
    assert first[COLUMNS.index("previous_hash")] == GENESIS
    assert second[COLUMNS.index("previous_hash")] == first[-1]
    assert third[COLUMNS.index("previous_hash")] == second[-1]
    assert second[COLUMNS.index("after")] == '{"rows":3}'
    assert second[COLUMNS.index("batch_hashes")] == '["ab","cd"]'
    assert third[COLUMNS.index("before")] is None


def test_anybody_can_recompute_a_hash_from_the_columns(write: Write, state: State) -> None:
    """By another way than ours: the columns as one JSON object, its keys sorted."""
    write(entry(subject="José \U0001f600", after={"balance": Decimal("10.50")}, reason='"why"\n'))
    for row in rows(state):
        columns = dict(zip(COLUMNS, row, strict=True))
        hashed = columns.pop("hash")
        again = json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(again.encode()).hexdigest() == hashed == hash_of(row)
        assert hashed_text(row) == canonical(columns)


def test_a_value_moved_into_another_column_has_another_hash() -> None:
    row = (1, "t", "a", "b", "c", None, '{"batch_hashes":[]}', "", "", "[]", GENESIS, "")
    moved = (1, "t", "a", "b", "c", None, '{"batch_hashes":[]},"batch_hashes":"[]"', *row[7:])
    assert hash_of(row) != hash_of(moved)


def test_texts_that_a_database_cannot_keep_are_made_sound(write: Write, found: Found) -> None:
    write(entry(actor="a\0b\udcff", reason="\ud800"))
    assert found().is_intact


def test_a_chain_that_nobody_touched_is_intact(write: Write, found: Found) -> None:
    for _ in range(3):
        write(entry(), entry())
    verdict = found()
    assert verdict.is_intact
    assert (verdict.entries, verdict.checkpoints, verdict.signed_through) == (7, 3, 7)


def test_an_empty_chain_is_intact(state: State) -> None:
    assert verify(state, Trust(None)).is_intact


@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("sequence", [1, 4, 6])
def test_a_changed_column_names_its_entry(
    column: str,
    sequence: int,
    write: Write,
    found: Found,
    state: State,
) -> None:
    for _ in range(2):
        write(entry(before={"a": 1}, run="run-1"), entry(), entry(after=2))
    with tampering(state) as tamper:
        new = "[1]" if column == "batch_hashes" else "0" * 31 + "1"
        where = audit_entry.c.sequence == sequence
        assert tamper.execute(update(audit_entry).where(where).values({column: new})).rowcount == 1
    verdict = found()
    assert verdict.faults[0].sequence == sequence
    assert verdict.faults[0].where == "audit_entry"


@pytest.mark.parametrize("value", [b"\xff", 1.5, ""])
def test_a_column_of_another_type_names_its_entry(
    value: object,
    databases: Databases,
    trail: Trail,
) -> None:
    """SQLite keeps in a text column whatever it is given, bytes that are no text included."""
    with databases.ready("sqlite") as url:
        state = State(url)
        for _ in range(5):
            with state.transaction() as connection:
                trail.append(connection, [entry()])
        with state.transaction() as connection:
            drop_guard(connection)
            spoil = "UPDATE audit_entry SET reason = CAST(:value AS TEXT) || 'x' WHERE sequence = 3"
            connection.execute(text(spoil), {"value": value})
            keep = "UPDATE audit_checkpoint SET head = CAST(:value AS TEXT) WHERE sequence = 5"
            connection.execute(text(keep), {"value": value})
        named = [each.sequence for each in verify(state, Trust(None)).faults]
        assert named[:2] == [3, 5]
        state.close()


def test_a_removed_entry_is_named_as_missing(
    write: Write,
    found: Found,
    state: State,
) -> None:
    write(*[entry() for _ in range(5)])
    with tampering(state) as tamper:
        tamper.execute(delete(audit_entry).where(audit_entry.c.sequence.in_([3, 4])))
    fault = found().faults[0]
    assert (fault.sequence, fault.what) == (3, "entries 3 to 4 are missing")


def test_entries_that_changed_places_are_named(
    write: Write,
    found: Found,
    state: State,
) -> None:
    write(*[entry(subject=f"cascade-{n}") for n in range(5)])
    with tampering(state) as tamper:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            where = audit_entry.c.sequence == old
            tamper.execute(update(audit_entry).where(where).values(sequence=new))
    assert found().faults[0].sequence == 3


def test_an_entry_inserted_at_the_end_bears_no_signature(
    write: Write,
    found: Found,
    state: State,
) -> None:
    write()
    with state.transaction() as connection:
        append(connection, [entry(actor="nobody")])
    fault = found().faults[0]
    assert (fault.sequence, "no signature" in fault.what) == (3, True)


@pytest.mark.parametrize("number", [0, -1])
def test_an_entry_inserted_before_the_first_is_named(
    number: int,
    write: Write,
    found: Found,
    state: State,
) -> None:
    write()
    with tampering(state) as tamper:
        row = dict(zip(COLUMNS, (number, *["x"] * 11), strict=True))
        tamper.execute(insert(audit_entry).values(row))
    assert found().faults[0].sequence == number


def test_a_tail_that_was_cut_with_its_checkpoints_is_missed_by_the_head_file(
    write: Write,
    found: Found,
    state: State,
) -> None:
    for _ in range(4):
        write()
    with tampering(state) as tamper:
        for table in (audit_entry, audit_checkpoint):
            tamper.execute(delete(table).where(table.c.sequence > 3))
    faults = found().faults
    assert [each.sequence for each in faults] == [4]
    assert faults[0].what == "the chain was cut after entry 3: head.json knows of entry 5"


def test_a_tail_that_was_cut_alone_is_missed_by_its_checkpoints(
    write: Write,
    found: Found,
    state: State,
) -> None:
    for _ in range(4):
        write()
    with tampering(state) as tamper:
        tamper.execute(delete(audit_entry).where(audit_entry.c.sequence > 3))
    faults = found().faults
    assert {each.sequence for each in faults} == {4}
    assert "checkpoint 4 knows of entry 4" in faults[0].what


def test_a_chain_rewritten_to_its_end_is_not_the_one_that_was_signed(
    write: Write,
    found: Found,
    state: State,
) -> None:
    """Whoever has the database and not the key can make the hashes fit, not the signatures."""
    for _ in range(4):
        write()
    with tampering(state) as tamper:
        tamper.execute(delete(audit_entry).where(audit_entry.c.sequence > 2))
        append(tamper, [entry(actor="eve") for _ in range(3)])
    faults = found().faults
    assert [each.sequence for each in faults] == [3, 4, 5, 5]
    assert all("rewritten" in each.what for each in faults)


@pytest.mark.parametrize("column", ["head", "time", "key_id", "signature"])
def test_a_changed_checkpoint_is_named(
    column: str,
    write: Write,
    found: Found,
    state: State,
) -> None:
    for _ in range(3):
        write()
    with tampering(state) as tamper:
        where = audit_checkpoint.c.sequence == 3
        tamper.execute(update(audit_checkpoint).where(where).values({column: "0" * 16}))
    fault = found().faults[0]
    assert (fault.where, fault.sequence) == ("audit_checkpoint", 3)


@pytest.mark.parametrize(("removed", "named"), [(2, 3), (3, 4), (4, 4)])
def test_a_removed_checkpoint_is_missed(
    removed: int,
    named: int,
    write: Write,
    found: Found,
    state: State,
) -> None:
    for _ in range(3):
        write()
    with tampering(state) as tamper:
        tamper.execute(delete(audit_checkpoint).where(audit_checkpoint.c.sequence == removed))
    assert found().faults[0].sequence == named


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
