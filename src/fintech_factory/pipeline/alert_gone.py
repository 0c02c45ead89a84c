"""Alerts whose rule was taken out of the settings: who heard that one began hears that it ended."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from fintech_factory.alerting.address import INBOX
from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.notice import Notice
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.message import Language, Occasion
from fintech_factory.state.tables import metadata

__all__ = ["end_notices", "taken_out"]

_transition = metadata.tables["alert_transition"]


def taken_out(state: AlertState) -> Rule:
    """Give what stands for a rule that is not there: no limits, no escalation, no repeats."""
    return Rule(state.rule, Kind.FINDING, is_gone=True)


def end_notices(
    connection: Connection, alerting: Alerting, state: AlertState, at: datetime
) -> Iterator[Notice]:
    """Give each address that was told of an alert, each once, for it to hear that it is over.

    No route speaks of it any more, so its own steps do; channels that are off by now are left out.
    """
    steps = select(_transition.c.detail).where(_transition.c.alert_id == state.alert_id)
    seen: set[tuple[str, str]] = set()
    for row in connection.execute(steps.order_by(_transition.c.sequence)):
        for each in row.detail["told"]:
            place = (each["channel"], each["address"])
            is_on = alerting.channels.get(each["channel"], each["channel"] == INBOX)
            if "withheld" in each or place in seen or not is_on:
                continue
            seen.add(place)
            language = _language(alerting, each["receiver"], place, at)
            yield Notice(each["receiver"], *place, language, Occasion.RESOLVED, level=1)


def _language(alerting: Alerting, receiver: str, place: tuple[str, str], at: datetime) -> Language:
    directory = alerting.directory
    known = [receiver] if receiver in directory.receivers else []
    for found in directory.destinations(known, at):
        if (found.channel, found.address) == place:
            return found.language
    return Language.EN
