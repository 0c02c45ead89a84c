"""The in-app inbox: what every receiver was told, without any vendor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from fintech_factory.distribution.channel import Delivery
from fintech_factory.message_json import encode
from fintech_factory.state.insert import insert_new
from fintech_factory.state.tables import metadata

__all__ = ["inbox_items", "keep_item", "receivers"]

_item = metadata.tables["inbox_item"]


def keep_item(connection: Connection, delivery: Delivery, at: datetime) -> None:
    """Put a message into its receiver's inbox; the same delivery again changes nothing."""
    row = {
        "key": delivery.key,
        "receiver": delivery.address,
        "message": encode(delivery.message),
        "at": at,
    }
    insert_new(connection, _item, [row], "key")


def inbox_items(connection: Connection, receiver: str = "", limit: int = 50) -> Sequence[Row[Any]]:
    """Give what a receiver was told, or everybody, the newest first."""
    wanted = select(_item).order_by(_item.c.sequence.desc()).limit(limit)
    if receiver:
        wanted = wanted.where(_item.c.receiver == receiver)
    return connection.execute(wanted).all()


def receivers(connection: Connection) -> set[str]:
    """Give everybody who was ever told something, those of earlier settings too."""
    return set(connection.scalars(select(_item.c.receiver).distinct()))
