"""Keeps messages in the in-app inbox, once per key."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from fintech_factory.distribution.channel import Delivery
from fintech_factory.message_json import encode
from fintech_factory.state.tables import metadata

__all__ = ["keep"]

_items = metadata.tables["inbox_item"]


def keep(connection: Connection, delivery: Delivery, at: datetime) -> None:
    """Put a message into its receiver's inbox; a second time the same key changes nothing."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_items)
    connection.execute(
        insert.values(
            key=delivery.key,
            receiver=delivery.address,
            message=encode(delivery.message),
            at=at,
        ).on_conflict_do_nothing(index_elements=["key"])
    )
