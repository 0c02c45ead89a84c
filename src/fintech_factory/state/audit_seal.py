"""Signed statements that the chain had a certain head: checkpoints, the head file, anchors."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import Connection, insert, select

from fintech_factory.state.audit import Head, chain_head
from fintech_factory.state.audit_key import SigningKey, is_signed_by, key_id_of
from fintech_factory.state.canonical import canonical
from fintech_factory.state.tables import audit_checkpoint

__all__ = ["Pin", "Purpose", "checkpoint", "pin", "statement"]


class Purpose(StrEnum):
    """What a signature was made for: one made for another purpose does not serve.

    Else whoever cuts the chain could make an older checkpoint, or an anchor lying about, into the
    workspace's head file.
    """

    CHECKPOINT = "checkpoint"
    HEAD = "head"
    ANCHOR = "anchor"


def statement(purpose: Purpose, head: Head, time: str, key_id: str, previous: int = 0) -> str:
    """Write what is signed; `previous` is the sequence of the checkpoint before, 0 without one.

    By that a checkpoint taken out of the row is missed by the next.
    """
    return canonical(
        {
            "purpose": f"fintech-factory audit {purpose.value}",
            "sequence": head.sequence,
            "head": head.hash,
            "time": time,
            "key_id": key_id,
            "previous": previous,
        }
    )


def checkpoint(connection: Connection, key: SigningKey, at: datetime) -> Head:
    """Sign the chain's head inside the caller's transaction; an unchanged head is signed once.

    The caller has appended in the same transaction, or holds `lock_chain`.
    """
    head = chain_head(connection)
    columns = audit_checkpoint.c
    last = connection.execute(
        select(columns.sequence).order_by(columns.sequence.desc()).limit(1)
    ).scalar()
    if head.sequence == 0 or (last is not None and last >= head.sequence):
        return head
    time = _iso(at)
    said = statement(Purpose.CHECKPOINT, head, time, key.key_id, last or 0)
    connection.execute(
        insert(audit_checkpoint).values(
            sequence=head.sequence,
            head=head.hash,
            time=time,
            key_id=key.key_id,
            signature=key.sign(said),
        )
    )
    return head


@dataclass(frozen=True, slots=True)
class Pin:
    """A head that was written down outside the database, with all that is needed to check it."""

    purpose: str
    sequence: int
    head: str
    time: str
    key_id: str
    public_key: str
    signature: str

    def as_json(self) -> dict[str, Any]:
        """Give the document that a head file or an anchor holds."""
        return asdict(self)

    @classmethod
    def of_json(cls, document: object) -> Self:
        """Read such a document; ValueError if it is none."""
        if not isinstance(document, Mapping) or set(document) != set(cls.__slots__):
            raise ValueError(f"it holds other keys than {', '.join(cls.__slots__)}")
        texts = (value for key, value in document.items() if key != "sequence")
        if type(document["sequence"]) is not int or not all(
            isinstance(each, str) for each in texts
        ):
            raise ValueError("a value is of another type than it should be")
        return cls(**document)

    def holds(self, purpose: Purpose) -> bool:
        """Tell whether the owner of `public_key` signed it for a purpose."""
        try:
            known = key_id_of(self.public_key) == self.key_id
        except ValueError:
            return False
        said = statement(purpose, Head(self.sequence, self.head), self.time, self.key_id)
        return (
            known
            and self.purpose == purpose
            and is_signed_by(self.public_key, said, self.signature)
        )


def pin(purpose: Purpose, head: Head, key: SigningKey, at: datetime) -> Pin:
    """Sign a head for a file outside the database."""
    time = _iso(at)
    signature = key.sign(statement(purpose, head, time, key.key_id))
    return Pin(
        purpose=purpose.value,
        sequence=head.sequence,
        head=head.hash,
        time=time,
        key_id=key.key_id,
        public_key=key.public,
        signature=signature,
    )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
