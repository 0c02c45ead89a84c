"""Runs, alerts that they caused, and messages with their receipts, written as rows."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.alert_json import as_json
from fintech_factory.state.tables import metadata

ARRIVED = datetime(2026, 1, 5, 3, tzinfo=UTC)
COMMITTED = ARRIVED + timedelta(seconds=2)
SLACK, MAIL, INBOX = ("slack", "#a"), ("email", "a@b.c"), ("inbox", "risk")


def add(connection: Connection, table: str, **row: object) -> None:
    connection.execute(metadata.tables[table].insert().values(**row))


def run(
    connection: Connection,
    name: str,
    sequence: int,
    batch: str = "b1",
    arrived_at: datetime = ARRIVED,
) -> None:
    add(connection, "run", run_id=name, sequence=sequence, status="published", version=name,
        record={}, batch_id=batch, as_of=date(2026, 1, 4), started_at=arrived_at,
        arrived_at=arrived_at, committed_at=COMMITTED)  # fmt: skip


def fired(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    alert: str,
    run_id: str,
    told: list[tuple[str, str]],
    *,
    withheld: bool = False,
    at: datetime = COMMITTED,
    rule: str = "par_90",
    level: str = "critical",
) -> None:
    add(connection, "alert", alert_id=alert, fingerprint=alert, rule=rule, scope={},
        status="firing", level=level, severity=level, opened_at=at, changed_at=at,
        memory=as_json(AlertState(rule=rule, opened_at=at, changed_at=at)))  # fmt: skip
    step(connection, alert, run_id, told, withheld=withheld, at=at, level=level)


def step(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    alert: str,
    run_id: str,
    told: list[tuple[str, str]],
    *,
    withheld: bool = False,
    at: datetime = COMMITTED,
    kind: str = "fired",
    level: str = "critical",
) -> None:
    """Write one more step of an alert; a transition's run is empty where none caused it."""
    more = {"withheld": "silenced"} if withheld else {}
    detail = {"told": [{"channel": way, "address": to, **more} for way, to in told]}
    add(connection, "alert_transition", alert_id=alert, at=at, kind=kind, level=level,
        actor="system", run_id=run_id, detail=detail)  # fmt: skip


def sent(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    alert: str,
    place: tuple[str, str],
    *words: tuple[str, float],
    at: datetime = COMMITTED,
    alone: bool = False,
    severity: str = "critical",
    key: str = "",
) -> None:
    """Write a message of an alert, and when each attempt ended, in seconds from the arrival.

    Unless it tells of that one `alone`, it may be the message of a group.
    """
    channel, address = place
    key = f"{key}{alert} {channel} {address} {at}"
    thread = f"alert/{alert}" if alone else f"group/{alert}"
    made = connection.execute(
        metadata.tables["outbox"].insert().values(
            key=key[:64], channel=channel, address=address, language="en", thread=thread,
            alert_id=alert, severity=severity, rank=0, message={}, created_at=at, due_at=at,
            deadline=at,
        )
    )  # fmt: skip
    (number,) = made.inserted_primary_key
    for count, (word, seconds) in enumerate(words, start=1):
        add(connection, "attempt", outbox=number, number=count, started_at=at, word=word,
            ended_at=ARRIVED + timedelta(seconds=seconds))  # fmt: skip
