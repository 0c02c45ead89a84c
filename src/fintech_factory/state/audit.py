"""The audit trail: entries that only ever grow, each of which holds the hash of the one before."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from sqlalchemy import Connection, func, insert, select

from fintech_factory.state.canonical import canonical, sound
from fintech_factory.state.tables import audit_entry

__all__ = [
    "ANCHORED",
    "COLUMNS",
    "GENESIS",
    "Entry",
    "Head",
    "append",
    "chain_head",
    "hash_of",
    "hashed_text",
    "lock_chain",
]

GENESIS = "0" * 64
"""What the first entry holds in place of the hash of one before."""

ANCHORED = "audit.anchored"
"""The action of the entry that tells of an anchor that was sent."""

# Any number that no other advisory lock of the product uses.
_ADVISORY_LOCK = 0x617564697400

COLUMNS = (
    "sequence",
    "time",
    "actor",
    "action",
    "subject",
    "before",
    "after",
    "reason",
    "run",
    "batch_hashes",
    "previous_hash",
    "hash",
)
"""The columns of an entry, in the order in which rows are read."""

Row: TypeAlias = Sequence[Any]
"""One row of `audit_entry`, its values in the order of COLUMNS."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what, when, and why.

    `before` and `after` are whatever `canonical` can write, None where there is none; `run` is
    the run it belongs to, `batch_hashes` the SHA-256 of what was received. Both must be free of
    secrets: they are kept for good.
    """

    at: datetime
    actor: str
    action: str
    subject: str
    before: object = None
    after: object = None
    reason: str = ""
    run: str = ""
    batch_hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its number and hash; 0 and GENESIS before the first."""

    sequence: int
    hash: str


def append(connection: Connection, entries: Iterable[Entry]) -> Head:
    """Add entries to the chain inside the caller's transaction; give the new head.

    The head is read under a lock that lasts until the transaction ends, so that two writers never
    continue the same entry: on SQLite the transaction must have begun as `State.transaction` does.
    """
    lock_chain(connection)
    head = chain_head(connection)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        row = _row(entry, head)
        head = Head(row["sequence"], row["hash"])
        rows.append(row)
    if rows:
        connection.execute(insert(audit_entry), rows)
    return head


def lock_chain(connection: Connection) -> None:
    """Let nobody else continue the chain until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def chain_head(connection: Connection) -> Head:
    """Give the last entry's number and hash, as its row says them."""
    columns = audit_entry.c
    last = select(columns.sequence, columns.hash).order_by(columns.sequence.desc()).limit(1)
    found = connection.execute(last).first()
    return Head(0, GENESIS) if found is None else Head(found.sequence, found.hash)


def hash_of(row: Row) -> str:
    """Recompute an entry's hash from its columns; TypeError if one does not hold what it must."""
    return hashlib.sha256(hashed_text(row).encode()).hexdigest()


def hashed_text(row: Row) -> str:
    """Write what is hashed: the canonical JSON of every column but the hash itself.

    `before`, `after` and `batch_hashes` are JSON already and enter as text: pasted in as they
    stand, a value could be moved from one column into another without changing the whole.
    """
    sequence, time, actor, action, subject, before, after, reason, run, batches, previous, _ = row
    quote = encode_basestring
    return (
        f'{{"action":{quote(action)},"actor":{quote(actor)}'
        f',"after":{"null" if after is None else quote(after)},"batch_hashes":{quote(batches)}'
        f',"before":{"null" if before is None else quote(before)}'
        f',"previous_hash":{quote(previous)},"reason":{quote(reason)},"run":{quote(run)}'
        f',"sequence":{sequence:d},"subject":{quote(subject)},"time":{quote(time)}}}'
    )


def _row(entry: Entry, before: Head) -> dict[str, Any]:
    values: tuple[Any, ...] = (
        before.sequence + 1,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        sound(entry.actor),
        sound(entry.action),
        sound(entry.subject),
        None if entry.before is None else canonical(entry.before),
        None if entry.after is None else canonical(entry.after),
        sound(entry.reason),
        sound(entry.run),
        canonical(entry.batch_hashes),
        before.hash,
        "",
    )
    return dict(zip(COLUMNS, (*values[:-1], hash_of(values)), strict=True))
