"""Checks who can be told: receivers, people, their addresses, channels that are named."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fintech_factory.alerting.address import INBOX, MEDIA
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings, ReceiverSettings

__all__ = ["Channels", "check_names", "check_receivers"]

_PLACES = {"webhook": "endpoint", "notion": "data source", "apprise": "URL"}


@dataclass(frozen=True, slots=True)
class Channels:
    """What is known of channels: which are switched on, and the names of their places.

    `places` are the names that an address may be, for channels whose settings give each of their
    places one.
    """

    on: Mapping[str, bool]
    places: Mapping[str, Collection[str]] = field(default_factory=dict)

    def knows_places_of(self, channel: str) -> bool:
        """Whether a name can be wrong: one that is off may still lack its places."""
        places = self.places.get(channel)
        return places is not None and bool(places or self.on.get(channel))


def check_receivers(settings: "AlertSettings", channels: Channels, notes: Notes) -> None:
    """Note receivers that reach nobody, names nobody has, and addresses that cannot be."""
    for name, receiver in settings.receivers.items():
        _check_receiver(receiver, settings, channels, notes.below("receivers", name))
    for name, person in settings.people.items():
        for channel, address in person.addresses.items():
            below = notes.below("people", name, "addresses", channel)
            _check_address(channel, address, channels, below)
    for key in ("channels_off", "daily_caps"):
        below = notes.below(key).speaking_of(key)
        check_names(getattr(settings, key), channels.on, "channel", below)
    listed = notes.below("channels_off").speaking_of("channels_off")
    for place, channel in enumerate(settings.channels_off):
        if channel == INBOX:
            listed.below(place).note("the in-app inbox is always on", "take it out")
        if channel in settings.channels_off[:place]:
            listed.below(place).note(f"`{channel}` stands twice")


def check_names(
    names: Iterable[str], known: Collection[str], what: str, notes: Notes, *, by_place: bool = True
) -> None:
    """Note every name that is not known, at its own place in the list (or below its key)."""
    is_mapping = isinstance(names, Mapping)
    for place, name in enumerate(names):
        if name not in known:
            at = notes.below(name if is_mapping else place) if by_place else notes
            at.note(f"unknown {what} `{name}`", suggestion(name, list(known)))


def _check_receiver(
    receiver: "ReceiverSettings",
    settings: "AlertSettings",
    channels: Channels,
    notes: Notes,
) -> None:
    for place, each in enumerate(receiver.to):
        below = notes.below("to", place)
        at = below.below("address") if each.address else below
        if each.channel not in channels.on:
            where = below.below("channel")
            check_names([each.channel], channels.on, "channel", where, by_place=False)
        elif each in receiver.to[:place]:
            at.note("it is told there already", "name each place once")
        else:
            _check_place(each.channel, each.address, channels, at)
    check_names(receiver.people, settings.people, "person", notes.below("people"))
    check_names(receiver.via, channels.on, "channel", notes.below("via"))
    people = list(receiver.people)
    if receiver.rota is not None and receiver.rota not in settings.rotas:
        check_names([receiver.rota], settings.rotas, "rota", notes.below("rota"), by_place=False)
    elif receiver.rota is not None:
        people += [name for shift in settings.rotas[receiver.rota].shifts for name in shift.people]
    if not (receiver.to or receiver.people or receiver.rota):
        notes.note("nobody is reached", "give it addresses (`to`), `people` or a `rota`")
    elif people and not receiver.via:
        notes.note("it is not said how people are told", "name channels, like `via: [sms]`")
    elif receiver.via and not people and receiver.rota is None:
        notes.below("via").note("there is nobody to tell", "name `people` or a `rota`")
    _check_reach(dict.fromkeys(people), receiver.via, settings, notes.below("via"))


def _check_reach(
    people: Iterable[str], via: Iterable[str], settings: "AlertSettings", notes: Notes
) -> None:
    """Note who has no address in a channel by which they are to be told."""
    for name in people:
        person = settings.people.get(name)
        for channel in via:
            if person is not None and channel not in person.addresses:
                notes.note(f"`{name}` has no {channel} address", f"add it to people.{name}")


def _check_address(channel: str, address: str, channels: Channels, notes: Notes) -> None:
    if channel not in channels.on:
        check_names([channel], channels.on, "channel", notes, by_place=False)
    else:
        _check_place(channel, address, channels, notes)


def _check_place(channel: str, address: str, channels: Channels, notes: Notes) -> None:
    """Note an address that cannot be one, or names a place that the channel has not."""
    form = MEDIA.get(channel)
    fault = form.fault(address) if form is not None else None
    if fault is not None:
        notes.note(*fault)
    elif address and channels.knows_places_of(channel):
        what, known = _PLACES.get(channel, "place"), channels.places[channel]
        if address not in known:
            hint = (
                suggestion(address, list(known))
                if known
                else f"integrations/{channel}.yaml has none"
            )
            notes.note(f"unknown {what} `{address}`", hint)
