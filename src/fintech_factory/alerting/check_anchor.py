"""Checks that the audit trail's anchor goes where it proves something."""

from typing import TYPE_CHECKING

from fintech_factory.alerting.address import INBOX
from fintech_factory.alerting.check_receivers import check_names

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings, ReceiverSettings
    from fintech_factory.kpi_engine.notes import Notes

__all__ = ["check_anchor"]

_NO_PLACES = {
    INBOX: (
        "the in-app inbox lies in the database that the anchor is to vouch for",
        "tell a place outside: a mail address, a folder, a Notion page",
    ),
    "sms": (
        "an anchor does not fit into a text message",
        "tell a place that takes a file: a mail address, a folder, a Notion page",
    ),
}


def check_anchor(settings: "AlertSettings", notes: "Notes") -> None:
    """Note receivers of the anchor that there are not, stand twice, or cannot keep one."""
    receivers = settings.audit.anchor.receivers
    below = notes.below("audit", "anchor", "receivers").speaking_of("audit.anchor")
    check_names(receivers, settings.receivers, "receiver", below)
    for place, name in enumerate(receivers):
        if name in receivers[:place]:
            below.below(place).note(f"`{name}` stands twice")
        elif name in settings.receivers:
            for channel, said in _NO_PLACES.items():
                if channel in _channels(settings.receivers[name]):
                    below.below(place).note(f"`{name}`: {said[0]}", said[1])


def _channels(receiver: "ReceiverSettings") -> set[str]:
    return {*receiver.via, *(each.channel for each in receiver.to)}
