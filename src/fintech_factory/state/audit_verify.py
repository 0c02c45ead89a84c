"""Recomputes the whole chain from its columns and names what does not hold."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, Table, select
from sqlalchemy.exc import DBAPIError

from fintech_factory.errors import FactoryError
from fintech_factory.state.audit import COLUMNS, GENESIS, Head, Row, hash_of
from fintech_factory.state.audit_guard import missing_guards
from fintech_factory.state.audit_key import is_signed_by
from fintech_factory.state.audit_seal import Purpose, statement
from fintech_factory.state.audit_verdict import Fault, Trust, Verdict, by_sequence
from fintech_factory.state.peek import Readable
from fintech_factory.state.tables import audit_checkpoint, audit_entry

__all__ = ["ACKNOWLEDGED", "BEGUN", "DISTURBED", "ROTATED", "verify"]

BEGUN = "audit.begun"
ROTATED = "audit.key_rotated"
DISTURBED = "audit.disturbed"
ACKNOWLEDGED = "audit.acknowledged"

_PAGE = 10_000
_BEFORE_ALL = -(2**63)
_MOST_FAULTS = 50
_HASH, _PREVIOUS, _ACTION, _SUBJECT, _BEFORE, _AFTER = (
    COLUMNS.index(each)
    for each in ("hash", "previous_hash", "action", "subject", "before", "after")
)
_CHECKPOINT = ("sequence", "head", "time", "key_id", "signature")


def verify(state: Readable, trust: Trust) -> Verdict:
    """Recompute every hash from its columns and check every signature, page by page.

    All that is written to disk is asked for as of one moment, so that writers need not stop.

    Raises:
        FactoryError: the database cannot be read at all.
    """
    try:
        with state.reading() as connection:
            signed = _pages(connection, audit_checkpoint, _CHECKPOINT)
            walk = _Walk(trust, chain.from_iterable(signed))
            for rows in _pages(connection, audit_entry, COLUMNS):
                walk.follow(rows)
            walk.end()
            faults = [
                Fault(
                    "database", None, f"its guard {name} is gone: nothing refuses a change by SQL"
                )
                for name in missing_guards(connection)
            ]
    except DBAPIError as broken:
        raise FactoryError(
            f"the audit trail cannot be read: {broken.orig}",
            where=state.where,
            hint="restore the database from a backup",
        ) from broken
    return walk.verdict().with_faults(faults)


def _pages(connection: Connection, table: Table, names: Sequence[str]) -> Iterator[Sequence[Row]]:
    """Give a table's rows in order, page by page; one that cannot be read has no values.

    On SQLite a column may hold bytes that are no text; its number can be asked for all the same.
    """
    columns, sequence = [table.c[name] for name in names], table.c.sequence
    size, last = _PAGE, _BEFORE_ALL
    while True:
        page = select(*columns).where(sequence > last).order_by(sequence).limit(size)
        try:
            rows = _rows(connection, page)
        except DBAPIError:
            if connection.dialect.name != "sqlite":
                raise
            if size > 1:
                size = 1
                continue
            ((number,),) = _rows(connection, page.with_only_columns(sequence))
            rows = [(number, *[None] * (len(names) - 1))]
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _rows(connection: Connection, query: "Select[Any]") -> Sequence[Row]:
    result = connection.execute(query)
    # The driver's own tuples: the columns are plain text and need no conversion.
    cursor = result.cursor
    try:
        rows: Sequence[Row] = cursor.fetchall() if cursor is not None else []
    except connection.dialect.loaded_dbapi.Error as broken:
        raise DBAPIError(str(query), None, broken) from broken
    finally:
        result.close()
    return rows


class _Walk:
    """Follows the chain from the first entry to the last, and keeps what it meets."""

    def __init__(self, trust: Trust, checkpoints: Iterator[Row]) -> None:
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self._heads = sorted(trust.heads.items(), key=lambda each: each[1].sequence)
        self._first_key = trust.first_key
        self._key = trust.first_key
        self._coming: tuple[int, str] | None = None
        self.keys: list[str] = [trust.first_key] if trust.first_key else []
        self._sequence = 0
        # None where the entry could not be read: it is named already.
        self._hash: str | None = GENESIS
        self._linked = True
        self._entries = self._signed = self._count = 0
        self._faults: list[Fault] = []
        self._more = 0
        self._disturbed: dict[int, Fault] = {}
        self._answered: set[str] = set()

    def follow(self, rows: Sequence[Row]) -> None:
        """Take the next entries."""
        stop = self._stop()
        for row in rows:
            sequence, stored = row[0], row[_HASH]
            if sequence == self._sequence + 1 and row[_PREVIOUS] == self._hash and _holds(row):
                self._linked = True
            else:
                self._doubt(row)
            self._sequence, self._hash = sequence, stored
            action = row[_ACTION]
            if type(action) is str and action[:6] == "audit.":
                self._note(row)
            if sequence >= stop:
                self._reached()
                stop = self._stop()
        self._entries += len(rows)

    def _doubt(self, row: Row) -> None:
        """Say what is wrong with an entry; what follows a changed one is not blamed for it."""
        sequence = row[0]
        gap = self._gap(sequence)
        if not _holds(row):
            what = f"entry {sequence} was changed: its columns do not give its hash"
            self._fault("audit_entry", sequence, what)
            self._linked = False
        elif row[_PREVIOUS] != self._hash and self._linked and not gap:
            before = f"entry {self._sequence}" if self._sequence else "nothing"
            what = (
                f"entry {sequence} does not continue {before}: one of the two was changed,"
                " inserted or put in another's place"
            )
            self._fault("audit_entry", sequence, what)
        else:
            self._linked = True

    def _gap(self, sequence: int) -> bool:
        expected = self._sequence + 1
        if sequence == expected:
            return False
        if sequence < expected:
            self._fault("audit_entry", sequence, f"entry {sequence} was inserted")
            return True
        missing = (
            f"entry {expected} is missing"
            if sequence == expected + 1
            else (f"entries {expected} to {sequence - 1} are missing")
        )
        self._fault("audit_entry", expected, missing)
        return True

    def _stop(self) -> float:
        """Give the next entry at which something is known from elsewhere."""
        of_checkpoint = self._next[0] if self._next is not None else float("inf")
        of_head = self._heads[0][1].sequence if self._heads else float("inf")
        return min(of_checkpoint, of_head)

    def _reached(self) -> None:
        while self._next is not None and self._next[0] <= self._sequence:
            self._judge(self._next)
            self._next = next(self._checkpoints, None)
        while self._heads and self._heads[0][1].sequence <= self._sequence:
            self._compare(*self._heads.pop(0))

    def _judge(self, row: Row) -> None:
        sequence, head, *_ = row
        self._count += 1
        if sequence != self._sequence:
            what = f"checkpoint {sequence} was signed over an entry that is not there"
            self._fault("audit_checkpoint", sequence, what)
        elif not self._is_signed(row):
            what = (
                f"the signature of checkpoint {sequence} does not hold: it was changed, or the"
                f" one before it is not {self._signed or 'the first'}"
            )
            self._fault("audit_checkpoint", sequence, what)
        elif self._hash is not None and head != self._hash:
            what = f"entry {sequence} is not the one that was signed: it was rewritten"
            self._fault("audit_entry", sequence, what)
        self._signed = sequence

    def _is_signed(self, row: Row) -> bool:
        sequence, head, time, key_id, signature = row
        if self._coming is not None and self._coming[0] < sequence:
            self._key, self._coming = self._coming[1], None
        if self._key is None:
            return False
        try:
            said = statement(Purpose.CHECKPOINT, Head(sequence, head), time, key_id, self._signed)
        except TypeError:
            return False
        if is_signed_by(self._key, said, signature):
            return True
        new = self._coming
        if new is None or not is_signed_by(new[1], said, signature):
            return False
        what = f"the key was changed at entry {sequence} without the old key's signature"
        self._fault("audit_checkpoint", sequence, what)
        return True

    def _compare(self, where: str, head: Head) -> None:
        if head.sequence == 0 or self._hash is None:
            return
        if head.sequence != self._sequence or head.hash != self._hash:
            what = f"entry {head.sequence} is not the one that {where} names: it was rewritten"
            self._fault("audit_entry", head.sequence, what)

    def _note(self, row: Row) -> None:
        """Keep what the trail says of itself."""
        sequence, action = row[0], row[_ACTION]
        if action in {BEGUN, ROTATED}:
            key = _member(row[_AFTER], "public_key")
            if key is not None and action == ROTATED:
                self._coming = (sequence, key)
            elif key is not None and sequence == 1:
                self._root(key)
            if key is not None and key not in self.keys:
                self.keys.append(key)
        elif action == DISTURBED:
            why = _member(row[_AFTER], "what") or "something was not as it was left"
            what = f"when entry {sequence} was written, {why}"
            self._disturbed[sequence] = Fault("audit_entry", sequence, what)
        elif action == ACKNOWLEDGED:
            self._answered.add(row[_SUBJECT])

    def _root(self, key: str) -> None:
        if self._first_key is None:
            self._key = key
        elif self._first_key != key:
            what = "the first entry names another key than state/audit/key.pub"
            self._fault("audit_entry", 1, what)

    def end(self) -> None:
        """Ask what should have come after the last entry."""
        last = self._sequence
        gone: list[tuple[int, str]] = [
            (head.sequence, where) for where, head in self._heads if head.sequence > last
        ]
        for row in ([self._next] if self._next is not None else []) + list(self._checkpoints):
            gone.append((row[0], f"checkpoint {row[0]}"))
            self._count += 1
        unsigned = self._unsigned()
        for sequence, where in sorted(gone):
            what = f"the chain was cut after entry {last}: {where} knows of entry {sequence}"
            self._fault("audit_entry", last + 1, f"{what}{unsigned and f'; {unsigned}'}")
        if unsigned and not gone:
            why = "whoever wrote it had no key, or was stopped before signing"
            self._fault("audit_entry", self._signed + 1, f"{unsigned}; {why}")

    def _unsigned(self) -> str:
        """Say which entries at the end no signature covers; empty if one covers them all."""
        first, last = self._signed + 1, self._sequence
        if first > last:
            return ""
        which = f"entry {last}" if first == last else f"entries {first} to {last}"
        return f"no signature covers {which}"

    def verdict(self) -> Verdict:
        """Give what was found, in the order of the entries."""
        open_ones = [
            each for number, each in self._disturbed.items() if str(number) not in self._answered
        ]
        answered = [
            each for number, each in self._disturbed.items() if str(number) in self._answered
        ]
        return Verdict(
            entries=self._entries,
            checkpoints=self._count,
            head=Head(self._sequence, self._hash or ""),
            signed_through=self._signed,
            keys=tuple(self.keys),
            faults=tuple(sorted((*self._faults, *open_ones), key=by_sequence)),
            acknowledged=tuple(answered),
            more=self._more,
        )

    def _fault(self, where: str, sequence: int, what: str) -> None:
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(Fault(where, sequence, what))
        else:
            self._more += 1


def _holds(row: Row) -> bool:
    """Tell whether an entry's columns give its hash; what no writer of ours puts there does not."""
    try:
        return bool(hash_of(row) == row[_HASH])
    except (TypeError, ValueError):
        return False


def _member(text: object, key: str) -> str | None:
    """Read one text out of a column of JSON."""
    try:
        found = json.loads(text)[key] if isinstance(text, str) else None
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
