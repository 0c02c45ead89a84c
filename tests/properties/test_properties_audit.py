"""Whatever is done to a chain, once, is found and named."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from fintech_factory.clock import FixedClock
from fintech_factory.state.audit import COLUMNS, Entry, Head, hash_of
from fintech_factory.state.audit_folder import AuditFolder
from fintech_factory.state.audit_guard import drop_guard, install_guard
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.audit_verdict import Trust, Verdict
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_checkpoint, audit_entry
from state_databases import Databases

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
ENTRY = audit_entry.c.sequence
CHECKPOINT = audit_checkpoint.c.sequence

_text = st.text(max_size=8)
_json = st.none() | st.dictionaries(_text, _text | st.integers() | st.decimals(allow_nan=False,
                                    allow_infinity=False), max_size=3)  # fmt: skip
_entry = st.builds(
    Entry,
    at=st.just(AT),
    actor=_text,
    action=_text,
    subject=_text,
    before=_json,
    after=_json,
    reason=_text,
    run=_text,
    batch_hashes=st.tuples(_text),
)
_commands = st.lists(st.lists(_entry, min_size=1, max_size=4), min_size=1, max_size=4)
_many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Chain:
    """A chain in a database of its own, and the folder beside it."""

    state: State
    trail: Trail

    @property
    def length(self) -> int:
        return len(self.numbers(ENTRY))

    def numbers(self, column: Any) -> list[int]:  # noqa: ANN401 - a column of either table
        with self.state.reading() as connection:
            return list(connection.execute(select(column).order_by(column)).scalars())

    @contextmanager
    def tampering(self) -> Iterator[Connection]:
        with self.state.transaction() as connection:
            drop_guard(connection)
            yield connection
            install_guard(connection)

    def verdict(self) -> Verdict:
        held = self.trail.folder.read_head()
        assert held is not None
        return verify(
            self.state,
            Trust(
                self.trail.folder.public_keys()[0], {"head.json": Head(held.sequence, held.head)}
            ),
        )

    def first(self) -> int | None:
        return self.verdict().faults[0].sequence


@contextmanager
def chain_of(commands: list[list[Entry]], databases: Databases, kind: str = "sqlite") -> Any:  # noqa: ANN401
    with databases.ready(kind) as url, tempfile.TemporaryDirectory() as folder:
        state = State(url)
        chain = Chain(state, Trail(AuditFolder(Path(folder)), FixedClock(AT)))
        for entries in commands:
            with state.transaction() as connection:
                head = chain.trail.append(connection, entries)
            chain.trail.seal(head)
        assert chain.verdict().is_intact
        try:
            yield chain
        finally:
            state.close()


@_many
@given(_commands, st.data())
def test_a_column_of_any_entry_that_changes_names_it(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        number = data.draw(st.integers(1, chain.length))
        column = data.draw(st.sampled_from(COLUMNS[1:]))
        with chain.tampering() as connection:
            (held,) = connection.execute(
                select(audit_entry.c[column]).where(number == ENTRY)
            ).scalars()
            texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
            new = data.draw(texts.filter(lambda text: text != held))
            connection.execute(update(audit_entry).where(number == ENTRY).values({column: new}))
        assert chain.first() == number


@_many
@given(_commands, st.data())
def test_an_entry_that_is_removed_is_named(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        number = data.draw(st.integers(1, chain.length))
        with chain.tampering() as connection:
            connection.execute(delete(audit_entry).where(number == ENTRY))
        assert chain.first() == number


@_many
@given(_commands, st.data())
def test_two_entries_that_change_places_name_the_first(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        one = data.draw(st.integers(1, chain.length - 1))
        other = data.draw(st.integers(one + 1, chain.length))
        with chain.tampering() as connection:
            for old, new in ((one, 10**6), (other, one), (10**6, other)):
                connection.execute(update(audit_entry).where(old == ENTRY).values(sequence=new))
        assert chain.first() == one


@_many
@given(_commands, st.data())
def test_an_entry_that_is_numbered_anew_names_what_is_missing(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        number = data.draw(st.integers(1, chain.length))
        elsewhere = data.draw(st.integers(-5, 0) | st.integers(chain.length + 1, 10**9))
        with chain.tampering() as connection:
            connection.execute(
                update(audit_entry).where(number == ENTRY).values(sequence=elsewhere)
            )
        assert chain.first() == min(number, elsewhere)


@_many
@given(_commands, _entry)
def test_an_entry_that_nobody_signed_is_named(
    databases: Databases, commands: list[list[Entry]], forged: Entry
) -> None:
    """It continues the chain in every other way."""
    from fintech_factory.state.audit import append

    with chain_of(commands, databases) as chain:
        last = chain.length
        with chain.state.transaction() as connection:
            append(connection, [forged])
        assert chain.first() == last + 1


@_many
@given(_commands, st.data())
def test_an_entry_rewritten_with_a_hash_that_fits_is_named_or_the_one_that_follows(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        number = data.draw(st.integers(1, chain.length))
        with chain.tampering() as connection:
            held = connection.execute(
                select(*(audit_entry.c[name] for name in COLUMNS)).where(number == ENTRY)
            ).one()
            row = dict(zip(COLUMNS, held, strict=True)) | {"actor": f"{held.actor}, and eve"}
            row["hash"] = hash_of([row[name] for name in COLUMNS])
            connection.execute(delete(audit_entry).where(number == ENTRY))
            connection.execute(insert(audit_entry).values(row))
        signed = number in chain.numbers(CHECKPOINT)
        assert chain.first() == (number if signed else number + 1)


@_many
@given(_commands, st.data())
def test_a_tail_cut_with_its_signatures_is_named(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        kept = data.draw(st.integers(0, chain.length - 1))
        with chain.tampering() as connection:
            connection.execute(delete(audit_entry).where(kept < ENTRY))
            connection.execute(delete(audit_checkpoint).where(kept < CHECKPOINT))
        (fault,) = chain.verdict().faults
        assert fault.sequence == kept + 1
        assert "was cut" in fault.what
        signed = max(chain.numbers(CHECKPOINT), default=0)
        assert ("no signature covers" in fault.what) == (signed < kept)


@_many
@given(_commands, st.data())
def test_a_signature_that_changes_or_goes_is_named(
    databases: Databases, commands: list[list[Entry]], data: st.DataObject
) -> None:
    with chain_of(commands, databases) as chain:
        signed = chain.numbers(CHECKPOINT)
        number = data.draw(st.sampled_from(signed))
        column = data.draw(st.sampled_from(["head", "time", "key_id", "signature", None]))
        with chain.tampering() as connection:
            where = number == CHECKPOINT
            if column is None:
                connection.execute(delete(audit_checkpoint).where(where))
            else:
                connection.execute(update(audit_checkpoint).where(where).values({column: "0"}))
        first = chain.first()
    if column is not None:
        assert first == number
    else:
        # The next signature misses it; after the last one, what it covered bears none.
        following = [each for each in signed if each > number]
        before = max((each for each in signed if each < number), default=0)
        assert first == (following[0] if following else before + 1)
