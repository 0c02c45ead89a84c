"""Says what a failure of the operational database means, and what to do now."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fintech_factory.errors import FactoryError, StateBusy, StateError, StateUnreachable

__all__ = ["answering", "explained"]

# What it amounts to: the error, its code, what is said, and what to do now.
_Meaning = tuple[type[StateError], str, str, str]

_BUSY: _Meaning = (
    StateBusy,
    "database_busy",
    "another process is writing to the operational database",
    "try again; if it stays so, look for a process that hangs",
)
_FULL: _Meaning = (
    StateError,
    "database_disk_full",
    "the disk of the operational database is full; nothing was kept",
    "make room, then run the same command again",
)
_UNWRITABLE: _Meaning = (
    StateError,
    "database_unwritable",
    "the operational database cannot be written; nothing was kept",
    "is a quota or a limit on file sizes reached? make room and run it again; else see to the disk",
)
_DAMAGED: _Meaning = (
    StateError,
    "database_damaged",
    "the operational database is damaged, or is no database",
    "restore it from a backup; the published figures lie in warehouse/ and are not affected",
)
_UNREACHABLE: _Meaning = (
    StateUnreachable,
    "server_unreachable",
    "the server of the operational database does not answer",
    "is it running, and are host and port in state.url of config/factory.yaml right?",
)
_REFUSED: _Meaning = (
    StateError,
    "server_refuses",
    "the server of the operational database refuses the account or its password",
    "check the account in state.url and the secret of state.password in config/factory.yaml",
)
_MISSING: _Meaning = (
    StateError,
    "database_missing",
    "the server has no database of that name",
    "create it, or correct state.url in config/factory.yaml",
)
_NO_RIGHT: _Meaning = (
    StateError,
    "database_forbidden",
    "this account may not read or write the operational database",
    "let the account that runs the factory own it",
)

# https://www.sqlite.org/rescode.html: an extended code begins with the name of its primary one.
_SQLITE: Sequence[tuple[str, _Meaning]] = (
    ("SQLITE_BUSY", _BUSY),
    ("SQLITE_LOCKED", _BUSY),
    ("SQLITE_FULL", _FULL),
    ("SQLITE_CORRUPT", _DAMAGED),
    ("SQLITE_NOTADB", _DAMAGED),
    ("SQLITE_CANTOPEN", _NO_RIGHT),
    ("SQLITE_READONLY", _NO_RIGHT),
    ("SQLITE_PERM", _NO_RIGHT),
    # A quota or a file size limit says so; only a full disk says FULL.
    ("SQLITE_IOERR_WRITE", _UNWRITABLE),
    ("SQLITE_IOERR_SHM", _UNWRITABLE),
    ("SQLITE_IOERR_FSYNC", _UNWRITABLE),
    ("SQLITE_IOERR", _DAMAGED),
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: Sequence[tuple[str, _Meaning]] = (
    ("28", _REFUSED),
    ("3D000", _MISSING),
    ("53100", _FULL),
    ("53", _BUSY),
    ("55P03", _BUSY),
    ("40", _BUSY),
    ("42501", _NO_RIGHT),
    ("XX001", _DAMAGED),
    ("XX002", _DAMAGED),
    ("08", _UNREACHABLE),
    ("57P", _UNREACHABLE),
)
# While it connects, the driver knows no code, only what the server or the system said.
_SAID: Sequence[tuple[str, _Meaning]] = (
    ("password", _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
    ("role ", _REFUSED),
    ("too many clients", _BUSY),
    ("does not exist", _MISSING),
)


@contextmanager
def answering(where: str) -> Iterator[None]:
    """Turn what a driver raises into an error that says what to do; the rest goes on as it is.

    Raises:
        StateError: or one of its kinds, for what is not the caller's own mistake.
    """
    try:
        yield
    except FactoryError:
        raise
    except Exception as failure:
        meant = explained(failure, where)
        if meant is None:
            raise
        raise meant from failure


def explained(failure: Exception, where: str) -> StateError | None:
    """Give the error that a failure amounts to, None for one that is none of the database's."""
    own = getattr(failure, "orig", None) or failure
    meaning = _meaning(own)
    if meaning is None:
        return None
    kind, code, what, hint = meaning
    said = " ".join(str(own).split())
    meant = kind(f"{what} ({said})", where=where, hint=hint)
    meant.code = code
    return meant


def _meaning(failure: BaseException) -> _Meaning | None:
    module = type(failure).__module__
    if module == "sqlite3":
        return _first(_SQLITE, getattr(failure, "sqlite_errorname", None) or "")
    if not module.startswith("psycopg"):
        return None
    code = getattr(failure, "sqlstate", None)
    if code is not None:
        return _first(_POSTGRESQL, code)
    if type(failure).__name__ not in {"OperationalError", "ConnectionTimeout"}:
        return None
    said = str(failure)
    return next((meaning for words, meaning in _SAID if words in said), _UNREACHABLE)


def _first(known: Sequence[tuple[str, _Meaning]], code: str) -> _Meaning | None:
    return next((meaning for beginning, meaning in known if code.startswith(beginning)), None)
