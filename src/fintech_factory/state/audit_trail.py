"""Writes the audit trail: entries, their signature, and the head beside the database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from fintech_factory.clock import Clock
from fintech_factory.errors import FactoryError
from fintech_factory.state.audit import Entry, Head, append, chain_head, lock_chain
from fintech_factory.state.audit_key import SigningKey, make_key, read_key
from fintech_factory.state.audit_seal import Purpose, checkpoint, pin
from fintech_factory.state.audit_verify import ACKNOWLEDGED, BEGUN, DISTURBED, ROTATED
from fintech_factory.state.tables import audit_checkpoint, audit_entry

if TYPE_CHECKING:
    from fintech_factory.config.secret import Secret
    from fintech_factory.state.audit_folder import AuditFolder

__all__ = ["Trail"]


@dataclass(slots=True)
class Trail:
    """The audit trail of one workspace, open for writing.

    Use: `head = trail.append(connection, entries)` inside the transaction that makes the change,
    `trail.seal(head)` once it is committed. Between the two a crash leaves a head file that is
    behind, which nobody takes for tampering.
    """

    folder: "AuditFolder"
    clock: Clock
    secret: "Secret | None" = None
    _key: SigningKey | None = field(default=None, repr=False)
    _starts_anew: bool = False

    def append(self, connection: Connection, entries: Iterable[Entry]) -> Head:
        """Add entries and sign the new head, all inside the caller's transaction.

        What was cut, added or left unsigned since the last time gets an entry of its own first:
        the new signature must not cover it up.

        Raises:
            FactoryError: the key is not there, or is not the one that the chain knows.
        """
        fresh = list(entries)
        if not fresh:
            return chain_head(connection)
        lock_chain(connection)
        head = chain_head(connection)
        key = self._fitting_key(connection, head)
        now, actor = self.clock.now(), fresh[0].actor
        if head.sequence == 0:
            after = {"key_id": key.key_id, "public_key": key.public}
            fresh.insert(0, Entry(now, actor, BEGUN, "audit trail", after=after))
        if (disturbance := self._disturbance(connection, head)) is not None:
            # The entry is the evidence from now on, no longer the file.
            self._starts_anew = True
            fresh.insert(
                0 if head.sequence else 1,
                Entry(now, actor, DISTURBED, "audit trail", after={"what": disturbance}),
            )
        append(connection, fresh)
        return checkpoint(connection, key, now)

    def seal(self, head: Head) -> None:
        """Write a committed head down beside the database, signed."""
        if head.sequence:
            written = pin(Purpose.HEAD, head, self.key(), self.clock.now())
            self.folder.write_head(written, anew=self._starts_anew)
            self._starts_anew = False

    def key(self) -> SigningKey:
        """Read the key from where the settings say, else from state/audit/key.pem.

        Raises:
            FactoryError: it cannot be read.
        """
        if self._key is None:
            if self.secret is not None:
                self._key = read_key(self.secret.reveal(), "audit.key in config/factory.yaml")
            else:
                self._key = _kept_key(self.folder.key)
        return self._key

    def settle(self, connection: Connection) -> None:
        """Finish a change of keys that was cut short after its entry was committed.

        Raises:
            FactoryError: the key is not there, or is not the one that the chain knows.
        """
        self._fitting_key(connection, chain_head(connection))

    def acknowledge(
        self, connection: Connection, sequence: int, at: tuple[datetime, str], reason: str
    ) -> Head:
        """Answer for a disturbance that an entry tells of; `at` is when, and who.

        Raises:
            FactoryError: the entry tells of none.
        """
        action = connection.execute(
            select(audit_entry.c.action).where(audit_entry.c.sequence == sequence)
        ).scalar()
        if action != DISTURBED:
            raise FactoryError(
                f"entry {sequence} tells of no disturbance",
                hint="`factory audit verify` names those that do",
            )
        return self.append(connection, [Entry(*at, ACKNOWLEDGED, str(sequence), reason=reason)])

    def rotate(
        self, connection: Connection, new: SigningKey, at: tuple[datetime, str], reason: str
    ) -> Head:
        """Say that another key signs from now on; the old one signs that. `at` is when, and who."""
        old = self.key()
        entry = Entry(
            *at,
            ROTATED,
            "audit trail",
            before={"key_id": old.key_id, "public_key": old.public},
            after={"key_id": new.key_id, "public_key": new.public},
            reason=reason,
        )
        head = self.append(connection, [entry])
        self.folder.add_public(new)
        self._key = new
        return head

    def _fitting_key(self, connection: Connection, head: Head) -> SigningKey:
        """Give the key, made now if the trail begins now; the chain must know it."""
        kept = self.folder.key.exists() or self.secret is not None
        if head.sequence == 0 and not kept and not self.folder.public_keys():
            self._key = make_key(self.folder.key)
        key = self.key()
        in_force = _key_in_force(connection)
        if in_force not in {None, key.public} and self._finish_rotation(key, in_force):
            key = self.key()
        if in_force not in {None, key.public}:
            raise FactoryError(
                f"the key {key.key_id} is not the one that signs this audit trail",
                where=str(self.folder.root),
                hint="name the right one in config/factory.yaml; `factory audit rotate-key`"
                " changes it",
            )
        if head.sequence == 0 and not self.folder.public_keys():
            self.folder.add_public(key)
            # From here on the file is there, and is missed when it is not.
            self.folder.write_head(pin(Purpose.HEAD, head, key, self.clock.now()))
        return key

    def _finish_rotation(self, old: SigningKey, in_force: str | None) -> bool:
        """Put the key in place that the chain names, if only the files were left as they were."""
        if self.secret is not None or not self.folder.coming.exists():
            return False
        if _kept_key(self.folder.coming).public != in_force:
            return False
        self.folder.adopt(old.key_id)
        self._key = None
        return True

    def _disturbance(self, connection: Connection, head: Head) -> str | None:
        """Say what is not as the last writer left it, None if all is."""
        try:
            held = self.folder.read_head()
        except FactoryError as spoilt:
            return f"{self.folder.head.name} could not be relied on ({spoilt.what})"
        if held is None:
            return f"{self.folder.head.name} was gone" if head.sequence else None
        if held.sequence > head.sequence:
            return f"entries {head.sequence + 1} to {held.sequence} were gone"
        there = connection.execute(
            select(audit_entry.c.hash).where(audit_entry.c.sequence == held.sequence)
        ).scalar()
        if held.sequence and there != held.head:
            return f"entry {held.sequence} was not the one in {self.folder.head.name}"
        signed = audit_checkpoint.c.sequence
        last = connection.execute(select(signed).order_by(signed.desc()).limit(1)).scalar() or 0
        if last < head.sequence:
            return f"entries {last + 1} to {head.sequence} bore no signature"
        return None


def _key_in_force(connection: Connection) -> str | None:
    """Give the public key that the chain names last, None before it names any."""
    import json

    columns = audit_entry.c
    named = (
        select(columns.after)
        .where(columns.action.in_((BEGUN, ROTATED)))
        .order_by(columns.sequence.desc())
        .limit(1)
    )
    after = connection.execute(named).scalar()
    return None if after is None else str(json.loads(after)["public_key"])


def _kept_key(path: Path) -> SigningKey:
    try:
        pem = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise FactoryError(
            f"the key that signs the audit trail cannot be read: {error.strerror}",
            where=str(path),
            hint="restore it from a backup: nothing is changed that cannot be signed for",
        ) from error
    return read_key(pem, str(path))
