"""A chain that anybody can check, and nobody can change unseen."""

import hashlib
import json
from decimal import Decimal

import pytest
from audit_chain import Found, Write, entry, rows, tampering
from sqlalchemy import delete, insert, text, update

from fintech_factory.state.audit import COLUMNS, GENESIS, append, hash_of, hashed_text
from fintech_factory.state.audit_guard import drop_guard
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.audit_verdict import Trust
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.canonical import canonical
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_checkpoint, audit_entry
from state_databases import Databases


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


def test_an_entry_rewritten_with_a_hash_that_fits_is_not_continued_by_the_next(
    write: Write, found: Found, state: State
) -> None:
    """In the middle of a command's entries no signature stands at it: the link alone tells."""
    write(*[entry() for _ in range(4)])
    row = list(rows(state)[2])
    row[COLUMNS.index("actor")] = "eve"
    row[-1] = hash_of(row)
    with tampering(state) as tamper:
        where = audit_entry.c.sequence == 3
        tamper.execute(update(audit_entry).where(where).values(actor="eve", hash=row[-1]))
    (fault,) = found().faults
    assert (fault.sequence, "does not continue entry 3" in fault.what) == (4, True)


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
