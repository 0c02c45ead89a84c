"""Writes rows under a key of their own: what is there already stays as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table

__all__ = ["insert_new"]


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *key: str
) -> None:
    """Insert those rows whose `key`, columns that are unique together, is not in the table yet."""
    # A dialect takes as long to load as a small query: only the one that is spoken is loaded.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert

        connection.execute(insert(table).on_conflict_do_nothing(index_elements=key), rows)
    else:
        from sqlalchemy.dialects.postgresql import insert as insert_into_server

        statement = insert_into_server(table).on_conflict_do_nothing(index_elements=key)
        connection.execute(statement, rows)
