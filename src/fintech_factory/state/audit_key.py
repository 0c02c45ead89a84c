"""The key that signs the audit trail, and what can be checked with its public half."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import FactoryError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["SigningKey", "is_signed_by", "key_id_of", "make_key", "read_key"]

_READ_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key; its repr shows the public half alone."""

    public: str
    _private: "Ed25519PrivateKey"

    @property
    def key_id(self) -> str:
        """Name the key by what its public half hashes to."""
        return key_id_of(self.public)

    def sign(self, text: str) -> str:
        """Sign a text: 64 bytes, in hexadecimal."""
        return self._private.sign(text.encode()).hex()

    def __repr__(self) -> str:
        """Show which key it is."""
        return f"SigningKey({self.key_id})"


def key_id_of(public: str) -> str:
    """Give the first 16 hexadecimal digits of the SHA-256 of a public key's 32 bytes."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def is_signed_by(public: str, text: str, signature: str) -> bool:
    """Tell whether the owner of a public key (32 bytes in hexadecimal) signed a text."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def make_key(path: Path) -> SigningKey:
    """Make a key and keep it in a file that only this account can read.

    Raises:
        FactoryError: the file exists; a key is never written over.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FactoryError(
            "a key is never written over", where=str(path), hint="name a file that does not exist"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return _signing(private)


def read_key(pem: str, where: str) -> SigningKey:
    """Read a private key in PEM form.

    Raises:
        FactoryError: it is no unencrypted Ed25519 key; the message holds nothing of it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise FactoryError(
            "the key of the audit trail is no Ed25519 private key in PEM form",
            where=where,
            hint="restore it from a backup; `openssl genpkey -algorithm ed25519` makes such a key",
        )
    return _signing(private)


def is_readable_by_others(path: Path) -> bool:
    """Tell whether accounts other than the owner's can read a file."""
    return bool(path.stat().st_mode & _READ_BY_OTHERS)


def _signing(private: "Ed25519PrivateKey") -> SigningKey:
    return SigningKey(private.public_key().public_bytes_raw().hex(), private)
