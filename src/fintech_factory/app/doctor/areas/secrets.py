"""Looks whether every secret that is needed is there, and out of the reach of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Grade, Unseen, critical, ok, warning
from fintech_factory.errors import ConfigError, FactoryError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.config import Secret
    from fintech_factory.config.model import Settings

__all__ = ["CHECKS", "Held", "judge_secret"]


_AGAIN = "set it for the account that runs the factory; `factory doctor secrets` looks again"


@dataclass(frozen=True, slots=True)
class Held:
    """A secret as it was found: `lacks` says what is wrong with it, empty for one that is there.

    `key` is its dotted place in the settings file `file`.
    """

    file: str
    key: str
    grade: Grade
    lacks: str = ""
    open_file: str = ""


def judge_secret(held: Held) -> Iterator[Diagnosis]:
    """Say what is wrong with a secret; nothing for one that is there and closed to others."""
    where = f"{held.file}: {held.key}"
    if held.lacks:
        what = f"a secret is not there: {held.lacks}"
        say = critical if held.grade is Grade.CRITICAL else warning
        yield say("secret_missing", what, where=where, then=_AGAIN)
    elif held.open_file:
        what = f"other accounts can read the secret's file {held.open_file}"
        then = f"`chmod 600 {held.open_file}`"
        yield warning("secret_open", what, where=where, then=then)


def _workspace(ground: "Ground") -> Iterator[Diagnosis]:
    """Look at what the workspace's own settings name."""
    yield from _of(ground.settings, "config/factory.yaml", Grade.CRITICAL)


def _export(ground: "Ground") -> Iterator[Diagnosis]:
    """Look at what an export is fetched with."""
    from fintech_factory.config import load
    from fintech_factory.ingestion import CascadeSettings

    path = ground.workspace.config / "integrations" / "cascade.yaml"
    settings = load(path, CascadeSettings).value
    yield from _of(settings, "config/integrations/cascade.yaml", Grade.WARNING)


def _channels(ground: "Ground") -> Iterator[Diagnosis]:
    """Look at what enabled channels name; what is off needs nothing."""
    from fintech_factory.app.channels import Channels, channel_shelf

    channels = Channels(ground.factory)
    enabled = 0
    for name in channel_shelf().names():
        file = ground.workspace.config / "integrations" / f"{name}.yaml"
        try:
            settings = channels.settings(name) if file.is_file() else None
        except ConfigError:
            # Its own area says what is wrong with it.
            continue
        if settings is not None and settings.enabled:
            enabled += 1
            yield from _of(settings, f"config/integrations/{name}.yaml", Grade.WARNING)
    if not enabled:
        yield ok("no_channel", "no channel is enabled")


def _of(settings: "Settings", file: str, grade: Grade) -> Iterator[Diagnosis]:
    from fintech_factory.distribution.settings import secrets_of

    named = list(secrets_of(settings))
    found = [
        each for key, secret in named for each in judge_secret(_held(file, key, secret, grade))
    ]
    yield from found
    if not found:
        yield ok("secrets_there", f"{file} names {len(named)} secrets, all there")


def _held(file: str, key: str, secret: "Secret", grade: Grade) -> Held:
    from fintech_factory.state.audit_key import is_readable_by_others

    try:
        secret.reveal()
    except UsageError as error:
        return Held(file, key, grade, lacks=error.what)
    if secret.file is not None and is_readable_by_others(secret.file):
        return Held(file, key, grade, open_file=str(secret.file))
    return Held(file, key, grade)


def _signing_key(ground: "Ground") -> Iterator[Diagnosis]:
    """Look at the key that signs the audit trail."""
    from fintech_factory.state.audit_folder import AuditFolder
    from fintech_factory.state.audit_key import read_key

    folder = AuditFolder(ground.workspace.state / "audit")
    named = ground.settings.audit.key
    where = "config/factory.yaml: audit.key" if named else ground.shown(folder.key)
    known = folder.public_keys()
    try:
        pem = named.reveal() if named else _kept(folder.key)
    except UsageError:
        # What the settings name and is not there was said above.
        raise Unseen("the secret that holds the key is not there", _AGAIN) from None
    if pem is None:
        yield (
            _no_key(where)
            if known
            else ok("signing_key_new", "the signing key is made when first needed")
        )
        return
    try:
        key = read_key(pem, where)
    except FactoryError as wrong:
        then = "restore it from a backup; `factory audit verify` tells what it signed so far"
        yield critical("signing_key_wrong", wrong.what, where=where, then=then)
        return
    if known and key.public not in known:
        what = f"the key {key.key_id} is none of those that signed this audit trail"
        then = "restore the right one from a backup; `factory audit rotate-key` changes it"
        yield critical("signing_key_wrong", what, where=where, then=then)
        return
    yield from _closed(None if named else folder.key, where) or [
        ok("signing_key_there", f"the audit trail is signed by {key.key_id}", where)
    ]


def _kept(path: "Path") -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None


def _no_key(where: str) -> Diagnosis:
    return critical(
        "signing_key_missing",
        "the key that signs the audit trail is gone: nothing can be changed that must be told",
        where=where,
        then="restore it from a backup; `factory audit verify` tells what it signed so far",
    )


def _closed(path: "Path | None", where: str) -> list[Diagnosis]:
    from fintech_factory.state.audit_key import is_readable_by_others

    if path is None or not is_readable_by_others(path):
        return []
    what = "other accounts can read the key that signs the audit trail"
    then = f"`chmod 600 {path}`; `factory audit rotate-key` signs by another one from now on"
    return [warning("signing_key_open", what, where=where, then=then)]


CHECKS = {
    "workspace": _workspace,
    "export": _export,
    "channels": _channels,
    "signing_key": _signing_key,
}
