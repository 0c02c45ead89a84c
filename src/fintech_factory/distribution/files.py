"""Reads what a message's attachments name, if it still is what they name."""

import hashlib
from pathlib import Path

from fintech_factory.message import Attachment

__all__ = ["contents"]


def contents(attachment: Attachment, outputs: Path) -> bytes:
    """Give an attachment's bytes.

    Raises:
        ValueError: it lies outside of `outputs`, is gone, or has changed since it was named.
    """
    root = outputs.resolve()
    path = (root / attachment.path).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{attachment.name} lies outside of outputs/")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{attachment.name} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise ValueError(f"{attachment.name} has changed since it was named")
    return content
