"""What a workspace's audit trail is told, and what it can tell."""

import getpass
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.app.settings_trail import CHANGED, RECORDED, REMOVED
from fintech_factory.errors import FactoryError, UsageError, WarehouseError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory
    from fintech_factory.config.defaults import Initialised
    from fintech_factory.ingestion.landing.manifest import Manifest
    from fintech_factory.state.audit import Entry, Head
    from fintech_factory.state.audit_folder import AuditFolder
    from fintech_factory.state.audit_read import Document, Filter
    from fintech_factory.state.audit_seal import Pin
    from fintech_factory.state.audit_trail import Trail
    from fintech_factory.state.audit_verdict import Fault, Verdict
    from fintech_factory.state.peek import Readable
    from fintech_factory.state.store import State
    from fintech_factory.warehouse.protocol import Version

__all__ = ["Audit", "Note", "Rows", "Told", "whoever"]

_LANDED = "ingest.landed"
_PUBLISHED = "run.published"
_LATE = "recorded late: its command ended before it could write this"


@dataclass(frozen=True, slots=True)
class Note:
    """What was done to what; who and when the trail adds by itself."""

    action: str
    subject: str
    before: object = None
    after: object = None
    reason: str = ""
    run: str = ""
    batch_hashes: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is about to be shown: of what, its columns, and how many rows."""

    of: str
    columns: Iterable[str]
    rows: int


def whoever() -> str:
    """Name who acts where nobody is named: FACTORY_ACTOR, else the account of the machine."""
    named = os.environ.get("FACTORY_ACTOR", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # An account without a name, as containers have.
        return f"uid {os.getuid()}"


@dataclass(slots=True)
class Told:
    """A transaction whose changes are told in the trail; `head` is that of its last entry."""

    audit: "Audit"
    connection: "Connection"
    head: "Head | None" = None

    def note(self, *notes: Note) -> None:
        """Say what the transaction does."""
        if notes:
            self.append(self.connection, self.audit.entries(notes))

    def append(self, connection: "Connection", entries: "Iterable[Entry]") -> "Head":
        """Add entries to the trail, signed."""
        self.head = self.audit.trail.append(connection, entries)
        return self.head


@dataclass(frozen=True)
class Audit:
    """The audit trail of one workspace: written by commands, verified, anchored, read.

    `held` is where it is read from to verify it, the workspace's database unless one is given.
    """

    factory: "Factory"
    held: "Readable | None" = None

    @property
    def folder(self) -> "AuditFolder":
        """What lies beside the database."""
        from fintech_factory.state.audit_folder import AuditFolder

        return AuditFolder(self.factory.workspace.state / "audit")

    @property
    def state(self) -> "State":
        """The database that the trail is kept in."""
        return self.factory.state

    @property
    def _read_from(self) -> "Readable":
        return self.held or self.state

    @cached_property
    def trail(self) -> "Trail":
        """The trail, open for writing.

        Inside a transaction of its own, a caller appends `entries` to it and seals the head
        afterwards; whoever has no transaction calls `note`.
        """
        from fintech_factory.state.audit_trail import Trail

        return Trail(self.folder, self.factory.clock, self.factory.settings.audit.key)

    def entries(self, notes: Iterable[Note]) -> "list[Entry]":
        """Add who and when."""
        from fintech_factory.state.audit import Entry

        now, actor = self.factory.clock.now(), self.factory.actor or whoever()
        return [
            Entry(
                at=now,
                actor=each.by or actor,
                action=each.action,
                subject=each.subject,
                before=each.before,
                after=each.after,
                reason=each.reason,
                run=each.run,
                batch_hashes=each.batch_hashes,
            )
            for each in notes
        ]

    def note(self, *notes: Note) -> None:
        """Write entries down, signed, in a transaction of their own."""
        if notes:
            with self.transaction() as told:
                told.note(*notes)

    @contextmanager
    def transaction(self) -> "Iterator[Told]":
        """Lend a transaction in which changes are made and told; the head is sealed after it."""
        with self.state.transaction() as connection:
            told = Told(self, connection)
            yield told
        self.seal(told.head)

    def seal(self, head: "Head | None") -> None:
        """Write a committed head down beside the database; None where nothing was told."""
        if head is not None:
            self.trail.seal(head)

    # ---- what commands do ----------------------------------------------------------------------

    def initialised(self, made: "Initialised") -> None:
        """Say that the workspace was made, with which settings."""
        if not made.existed:
            after = {"files": len(made.files)}
            self.note(Note("init", self.factory.workspace.root.name, after=after))
            self.catch_up()

    def catch_up(self) -> None:
        """Write down what has changed since the last entry without a command of ours.

        Settings that were edited by hand; an export that landed or a version that was published
        by a command that ended before it could say so.
        """
        from fintech_factory.app.settings_trail import changes, fold, hashes, keep

        workspace = self.factory.workspace
        before = fold(self.said(RECORDED, CHANGED, REMOVED))
        now = hashes(workspace)
        if before == now:
            self.note(*self._late())
            return
        keep(workspace, now)
        if before is None:
            self.note(Note(RECORDED, "config, sql", after={"files": now}), *self._late())
            return
        changed = [
            Note(each.action, each.subject, each.before, each.after)
            for each in changes(workspace, before, now)
        ]
        self.note(*changed, *self._late())

    def landed(self, manifest: "Manifest", status: str, reason: str = "") -> None:
        """Say that an export landed or was refused; an unchanged one changes nothing."""
        if status != "unchanged":
            self.note(_of_batch(manifest, status, reason))

    def unmasked(self, wanted: "Filter", form: str, reason: str) -> None:
        """Say that entries are about to be shown with personal data, which ones, and why."""
        given = {name: getattr(wanted, name) for name in wanted.__slots__}
        after = {"format": form, "filter": {k: v for k, v in given.items() if v is not None}}
        self.note(Note("data.exported", "audit trail, unmasked", after=after, reason=reason))

    def shown(self, *tables: "Rows") -> None:
        """Say that rows are shown which name borrowers or loans, and by which columns."""
        from fintech_factory.personal import personal_columns

        self.note(
            *(
                Note("data.shown", each.of, after={"columns": personal, "rows": each.rows})
                for each in tables
                if each.rows and (personal := personal_columns(each.columns))
            )
        )

    def _late(self) -> Iterator[Note]:
        from fintech_factory.ingestion.landing.manifest import read_manifest

        told = {subject for _, subject, _ in self.said(_LANDED, _PUBLISHED)}
        for path in sorted(self.factory.raw.glob("*/manifest.json")):
            folder = path.parent
            if not folder.name.startswith(".") and folder.name not in told:
                yield _of_batch(read_manifest(folder), "landed", _LATE)
        try:
            version = self.factory.current()
        except WarehouseError:
            # What is damaged must not stop the command that repairs it.
            version = None
        if version is not None and version.run.run_id not in told:
            yield _of_version(version, _LATE)

    def said(self, *actions: str) -> list[tuple[Any, ...]]:
        """Give (action, subject, after) of all entries of some actions, oldest first."""
        marks = ", ".join("?" * len(actions))
        # Only the number of parameters is formatted in.
        asked = (
            "SELECT action, subject, after FROM audit_entry"  # noqa: S608
            f" WHERE action IN ({marks}) ORDER BY sequence"
        )
        with self._read_from.rows() as rows:
            return rows.query(asked, actions)

    # ---- what the trail can tell ---------------------------------------------------------------

    def verify(self, anchor: "Pin | None" = None) -> "Verdict":
        """Recompute the whole chain, and hold it against the head beside it and an anchor."""
        from fintech_factory.state.audit import Head
        from fintech_factory.state.audit_verdict import Fault, Trust
        from fintech_factory.state.audit_verify import verify

        beside, heads = self._beside()
        if anchor is not None:
            heads["the anchor"] = Head(anchor.sequence, anchor.head)
        keys = self.folder.public_keys()
        verdict = verify(self._read_from, Trust(keys[0] if keys else None, heads))
        if verdict.entries and not keys:
            beside.append(Fault("state/audit/key.pub", None, "the public key is gone"))
        if anchor is not None and anchor.public_key not in verdict.keys:
            what = "the anchor was signed by a key that this chain never named"
            beside.append(Fault("anchor", anchor.sequence, what))
        if verdict.entries:
            beside += self._untold()
        return verdict.with_faults(beside)

    def _beside(self) -> "tuple[list[Fault], dict[str, Head]]":
        from fintech_factory.state.audit import Head
        from fintech_factory.state.audit_verdict import Fault

        name = "state/audit/head.json"
        try:
            held = self.folder.read_head()
        except FactoryError as spoilt:
            return [Fault(name, None, spoilt.what)], {}
        if held is not None:
            return [], {name: Head(held.sequence, held.head)}
        if self.folder.root.exists() or self.said("audit.begun"):
            what = "it is gone: a cut tail would not be missed"
            return [Fault(name, None, what)], {}
        return [], {}

    def _untold(self) -> "Iterator[Fault]":
        """Name what lies in the workspace and no entry tells of."""
        from fintech_factory.state.audit_verdict import Fault

        for each in self._late():
            what = f"{each.subject} is there, and no entry tells of it ({each.action})"
            yield Fault("workspace", None, what)

    def anchor(self) -> "Pin":
        """Sign the head for a place out of the reach of whoever has this workspace.

        Raises:
            FactoryError: there is no entry yet.
        """
        with self.state.reading() as connection:
            return self._pinned(connection, self.factory.clock.now())

    def pin_on(self, connection: "Connection", at: datetime) -> "Pin":
        """Sign the head as a transaction sees it, which the caller holds `lock_chain` in.

        Raises:
            FactoryError: there is no entry yet, or the key is not the one that the chain knows.
        """
        self.trail.settle(connection)
        return self._pinned(connection, at)

    def _pinned(self, connection: "Connection", at: datetime) -> "Pin":
        from fintech_factory.state.audit import chain_head
        from fintech_factory.state.audit_seal import Purpose, pin

        head = chain_head(connection)
        if head.sequence == 0:
            raise FactoryError("the audit trail holds no entry yet", hint="`factory run`")
        return pin(Purpose.ANCHOR, head, self.trail.key(), at)

    def read_anchor(self, path: Path) -> "Pin":
        """Read an anchor back.

        Raises:
            UsageError: it is none, or its signature does not hold.
        """
        from fintech_factory.state.audit_seal import Pin, Purpose

        try:
            found = Pin.of_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as broken:
            raise UsageError(f"the anchor cannot be read: {broken}", where=str(path)) from broken
        if not found.holds(Purpose.ANCHOR):
            raise UsageError(
                "the anchor is not what was signed", where=str(path), hint="take another copy of it"
            )
        return found

    @contextmanager
    def reading(
        self, wanted: "Filter", *, newest_first: int | None = None
    ) -> "Iterator[Iterator[Document]]":
        """Lend the entries that are wanted."""
        from fintech_factory.state.audit_read import entries

        with self.state.reading() as connection:
            yield entries(connection, wanted, newest_first=newest_first)

    def acknowledge(self, sequence: int, reason: str) -> None:
        """Answer for a disturbance that an entry tells of."""
        with self.state.transaction() as connection:
            at = (self.factory.clock.now(), self.factory.actor or whoever())
            head = self.trail.acknowledge(connection, sequence, at, reason)
        self.trail.seal(head)

    def rotate_key(self, out: Path | None, reason: str) -> Path:
        """Sign by another key from now on; the old one signs that. Gives the new key's file.

        Without `out` it takes the place of state/audit/key.pem, and the old one is kept beside.

        Raises:
            UsageError: the settings name where the key is, and no file is named for the new one.
        """
        from fintech_factory.state.audit_key import make_key

        kept = self.factory.settings.audit.key is None
        if not kept and out is None:
            raise UsageError(
                "the key is kept outside the workspace",
                where="--out",
                hint="name a file for the new one, then name it in config/factory.yaml",
            )
        place = out or self.folder.coming
        with self.state.transaction() as connection:
            self.trail.settle(connection)
        old = self.trail.key()
        if out is None:
            # A change of keys that was cut short before its entry was committed left one.
            place.unlink(missing_ok=True)
        new = make_key(place)
        with self.state.transaction() as connection:
            at = (self.factory.clock.now(), self.factory.actor or whoever())
            head = self.trail.rotate(connection, new, at, reason)
        if out is None:
            self.folder.adopt(old.key_id)
            place = self.folder.key
        self.trail.seal(head)
        return place


def _of_batch(manifest: "Manifest", status: str, reason: str = "") -> Note:
    rows = {each.table: {"landed": each.landed, "set_aside": each.quarantined}
            for each in manifest.files}  # fmt: skip
    return Note(
        f"ingest.{status}",
        manifest.batch_id,
        after={
            "source": manifest.source,
            "as_of": manifest.as_of,
            "data_through": manifest.data_through,
            "tables": rows,
            "contract_sha256": manifest.contract_sha256,
            "findings": len(manifest.findings),
        },
        reason=reason,
        batch_hashes=tuple(each.sha256 for each in manifest.received),
    )


def _of_version(version: "Version", reason: str = "") -> Note:
    run = version.run
    return Note(
        _PUBLISHED,
        run.run_id,
        after={
            "version": version.name,
            "inputs": run.inputs,
            "as_ofs": _span(run.as_ofs),
            "data_through": run.data_through,
            "batches": run.batch_ids,
        },
        reason=reason,
        run=run.run_id,
    )


def _span(as_ofs: Sequence[object]) -> dict[str, object]:
    return {"first": as_ofs[0], "last": as_ofs[-1], "count": len(as_ofs)}
