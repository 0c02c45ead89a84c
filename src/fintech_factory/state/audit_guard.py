"""Lets the database itself refuse changes to the audit trail."""

from sqlalchemy import Connection, text

__all__ = ["drop_guard", "guard_statements", "install_guard", "missing_guards"]

_TABLES = ("audit_entry", "audit_checkpoint")
_WHY = "the audit trail only grows"

# REPLACE deletes a row without asking a DELETE trigger, so a number must not be taken yet.
_SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table}_{verb} BEFORE {event} ON {table} {when}"
    f"BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
    for table in _TABLES
    for verb, event, when in (
        ("no_update", "UPDATE", ""),
        ("no_delete", "DELETE", ""),
        (
            "no_replace",
            "INSERT",
            # No SQL from outside: the table is one of the two named above.
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE sequence = NEW.sequence) ",  # noqa: S608
        ),
    )
)

_POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_WHY}'; END $$"
)
_POSTGRESQL = (
    _POSTGRESQL_FUNCTION,
    *(
        f"CREATE OR REPLACE TRIGGER {table}_{verb} BEFORE {event} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION audit_only_grows()"
        for table in _TABLES
        for verb, event, each in (
            ("no_change", "UPDATE OR DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        )
    ),
)

_NAMES = {
    "sqlite": tuple(
        f"{table}_{verb}" for table in _TABLES for verb in ("no_update", "no_delete", "no_replace")
    ),
    "postgresql": tuple(
        f"{table}_{verb}" for table in _TABLES for verb in ("no_change", "no_truncate")
    ),
}
_LISTED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    # `tgenabled` D is a trigger that stands there and does nothing.
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'",
}


def guard_statements(dialect: str) -> tuple[str, ...]:
    """Give the DDL for one dialect (sqlite, postgresql), for a migration to run in order."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL


def install_guard(connection: Connection) -> None:
    """Refuse UPDATE, DELETE (and REPLACE, TRUNCATE) on the audit tables from now on.

    Who owns the database can take the guard away again; that the chain then shows.
    """
    for statement in guard_statements(connection.dialect.name):
        connection.execute(text(statement))


def drop_guard(connection: Connection) -> None:
    """Take the guard away, as a migration that rebuilds a table must, or one who tampers."""
    dialect = connection.dialect.name
    for name in _NAMES[dialect]:
        table = next(each for each in _TABLES if name.startswith(f"{each}_"))
        of_table = f" ON {table}" if dialect == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{of_table}"))


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """Name the triggers that should be there and are not."""
    dialect = connection.dialect.name
    held = set(connection.execute(text(_LISTED[dialect])).scalars())
    return tuple(name for name in _NAMES[dialect] if name not in held)
