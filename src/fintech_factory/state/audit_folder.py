"""The folder `state/audit/`: the signing key, its public half, and the last head written down."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.durable import replace_file
from fintech_factory.errors import FactoryError
from fintech_factory.state.audit_key import SigningKey, key_id_of
from fintech_factory.state.audit_seal import Pin, Purpose

__all__ = ["AuditFolder"]

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class AuditFolder:
    """What lies beside the database, so that a tail cut from it is missed."""

    root: Path

    @property
    def key(self) -> Path:
        """The private key, where no other place is configured."""
        return self.root / "key.pem"

    @property
    def coming(self) -> Path:
        """The next private key, until the entry that names it is committed."""
        return self.root / "key.new.pem"

    def adopt(self, old: str) -> None:
        """Let the next key take the place of the one in use, which is kept under its id."""
        kept = self.root / f"key.{old}.pem"
        # At no moment is there no key.pem: the old one gets a second name, then loses its first.
        kept.unlink(missing_ok=True)
        kept.hardlink_to(self.key)
        self.coming.replace(self.key)

    @property
    def public(self) -> Path:
        """Every public key, the first one first: a line of key id and 32 bytes in hexadecimal."""
        return self.root / "key.pub"

    @property
    def head(self) -> Path:
        """The last head, signed."""
        return self.root / "head.json"

    def public_keys(self) -> tuple[str, ...]:
        """Give every public key, the first one first; those lines that are none are left out."""
        try:
            lines = self.public.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return ()
        return tuple(line.split()[1] for line in lines if _is_key(line))

    def add_public(self, key: SigningKey) -> None:
        """Keep the public half of a key."""
        held = self.public_keys()
        if key.public not in held:
            lines = (f"{key_id_of(each)} {each}\n" for each in (*held, key.public))
            self._replace(self.public, "".join(lines))

    def read_head(self) -> Pin | None:
        """Give the head that was written down, None without one.

        Raises:
            FactoryError: the file is not what was written, or its signature does not hold.
        """
        try:
            held = Pin.of_json(json.loads(self.head.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as broken:
            raise self._spoilt(str(broken)) from broken
        if not held.holds(Purpose.HEAD):
            raise self._spoilt("its signature does not hold")
        return held

    def write_head(self, head: Pin, *, anew: bool = False) -> None:
        """Write a head down, unless a later one is written already.

        `anew`: whatever stands there is put aside, as an entry of the chain tells of it.
        """
        with self._locked():
            if anew and self.head.exists():
                self.head.replace(self.root / f"head.before-{head.sequence}.json")
            held = self.read_head()
            if held is None or held.sequence < head.sequence:
                self._replace(self.head, f"{json.dumps(head.as_json(), indent=2)}\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _replace(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode(), _PRIVATE)

    def _spoilt(self, why: str) -> FactoryError:
        return FactoryError(
            f"the head that was written down cannot be relied on: {why}",
            where=str(self.head),
            hint="`factory audit verify` tells what of the chain is still whole",
        )


def _is_key(line: str) -> bool:
    parts = line.split()
    try:
        return len(parts) == 2 and key_id_of(parts[1]) == parts[0]  # noqa: PLR2004 - id and key
    except ValueError:
        return False
