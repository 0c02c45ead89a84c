"""Reads what people have set up and what was sent today: the circumstances that routes look at."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, func, select

from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.rota import Override
from fintech_factory.alerting.route import Circumstances
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.silence import Silence
from fintech_factory.alerting.window import AdHoc
from fintech_factory.state.tables import metadata

__all__ = ["announced", "circumstances", "match_json", "rota_overrides", "silences"]

_silence = metadata.tables["silence"]
_window = metadata.tables["maintenance_window"]
_override = metadata.tables["rota_override"]
_outbox = metadata.tables["outbox"]


def circumstances(
    connection: Connection, at: datetime, live: Iterable[AlertState]
) -> Circumstances:
    """Give what holds at a moment; `live` are the alerts that are open then."""
    return Circumstances(
        silences=silences(connection, at),
        windows=announced(connection, at),
        overrides=rota_overrides(connection, at),
        live=tuple(live),
        sent_today=_sent_today(connection, at),
    )


def silences(connection: Connection, at: datetime) -> tuple[Silence, ...]:
    """Give the silences that have not ended."""
    rows = connection.execute(
        select(_silence).where(_silence.c.ends_at > at).order_by(_silence.c.starts_at)
    )
    return tuple(
        Silence(
            _match(row.matchers), row.owner, row.reason, row.starts_at, row.ends_at, row.silence_id
        )
        for row in rows
    )


def match_json(match: Match) -> dict[str, Any]:
    """Write conditions as JSON."""
    return {
        "rules": list(match.rules),
        "kinds": [each.value for each in match.kinds],
        "levels": [each.value for each in match.levels],
        "dimension": match.dimension,
        "members": list(match.members),
    }


def _match(held: Mapping[str, Any]) -> Match:
    return Match(
        rules=tuple(held["rules"]),
        kinds=tuple(Kind(each) for each in held["kinds"]),
        levels=tuple(LimitState(each) for each in held["levels"]),
        dimension=held["dimension"],
        members=tuple(held["members"]),
    )


def announced(connection: Connection, at: datetime) -> tuple[AdHoc, ...]:
    """Give the maintenance windows that were announced, not cancelled and have not ended."""
    wanted = select(_window).where(_window.c.ends_at > at, _window.c.cancelled_at.is_(None))
    return tuple(
        AdHoc(
            row.name,
            row.starts_at,
            row.ends_at,
            row.announced_at,
            row.announced_by,
            row.override_reason,
        )
        for row in connection.execute(wanted.order_by(_window.c.starts_at))
    )


def rota_overrides(connection: Connection, at: datetime) -> tuple[Override, ...]:
    """Give who stands in for whom on call, as far as it has not ended."""
    rows = connection.execute(select(_override).where(_override.c.ends_at > at))
    return tuple(
        Override(row.rota, row.person, row.starts_at, row.ends_at, row.reason, row.made_by)
        for row in rows
    )


def _sent_today(connection: Connection, at: datetime) -> dict[tuple[str, str], int]:
    """Count the messages since midnight UTC, by channel and address."""
    midnight = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
    wanted = (
        select(_outbox.c.channel, _outbox.c.address, func.count())
        .where(_outbox.c.created_at >= midnight, _outbox.c.alert_id != "")
        .group_by(_outbox.c.channel, _outbox.c.address)
    )
    return {(channel, address): count for channel, address, count in connection.execute(wanted)}
