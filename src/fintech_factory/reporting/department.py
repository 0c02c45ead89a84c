"""Who is told what every day: departments, their recipients, and the ways to reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fintech_factory.alerting.address import INBOX
from fintech_factory.alerting.receiver import Directory
from fintech_factory.alerting.rota import Override, on_call
from fintech_factory.alerting.rule import Kind
from fintech_factory.errors import UsageError
from fintech_factory.message import Language, Text

__all__ = [
    "DEPARTMENTS",
    "Department",
    "Outputs",
    "Place",
    "Promise",
    "Recipient",
    "Roles",
    "Told",
    "Way",
]

DEPARTMENTS = ("risk", "compliance", "finance", "technology", "growth", "marketing", "sales")
"""The seven that every day's message is promised to (R008, R104)."""


class Way:
    """By which way a message goes: each is tried when the one before it brought no receipt."""

    OWN = "own"
    FALLBACK = "fallback"
    # The in-app inbox needs no vendor, and nothing can switch it off.
    LAST = "inbox"


@dataclass(frozen=True, slots=True)
class Place:
    """An address of a channel; an empty one is the channel's own."""

    channel: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """By when everybody is told (UTC), and how long before that other ways are tried.

    Those who have no receipt `fallback_before` the deadline get the message by the fallback
    channel, those who have none `last_before` it in the in-app inbox.
    """

    due: time = time(6, 30)
    fallback_before: timedelta = timedelta(minutes=10)
    last_before: timedelta = timedelta(minutes=5)

    def due_at(self, day: date) -> datetime:
        """Give the moment by which a day's message must have arrived."""
        return datetime.combine(day, self.due, UTC)

    def waits_for_data(self, day: date, now: datetime) -> bool:
        """Whether a message without figures would still be too early."""
        return now < self.due_at(day) - self.fallback_before

    def ways(self, day: date, now: datetime) -> tuple[str, ...]:
        """Give the ways that may be taken by now, in their order."""
        due = self.due_at(day)
        ways = [Way.OWN]
        if now >= due - self.fallback_before:
            ways.append(Way.FALLBACK)
        if now >= due - self.last_before:
            ways.append(Way.LAST)
        return tuple(ways)


@dataclass(frozen=True, slots=True)
class Told:
    """A recipient as of a moment: who it is by then, and the place of each way.

    A way without a place says in `lacking` why it has none.
    """

    name: str
    language: Language
    places: Mapping[str, Place]
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who has the message of a department, at one place of one channel.

    `id` names the recipient within the department. Exactly one of `person`, `rota` (whoever is on
    call) and `receiver` says by whom of config/alerts.yaml; all empty: `address` is its own.
    """

    id: str
    name: str
    language: Language
    channel: str
    address: str = ""
    person: str = ""
    rota: str = ""
    fallback: Place = Place(INBOX)

    def at(
        self,
        directory: Directory,
        channels: Mapping[str, bool],
        moment: datetime,
        overrides: tuple[Override, ...] = (),
    ) -> Told:
        """Give who it is at a moment, and where; `channels` says which are switched on."""
        person = self.person
        if self.rota:
            person = on_call(directory.rotas[self.rota], moment, overrides) or ""
        known = directory.people.get(person)
        own = self.address
        lacking: dict[str, str] = {}
        if self.rota and known is None:
            lacking[Way.OWN] = f"nobody is on call in the rota {self.rota}"
        elif known is not None and not own:
            own = known.addresses.get(self.channel, "")
            if not own:
                lacking[Way.OWN] = f"{known.name} has no {self.channel} address"
        fallback = self.fallback
        if not fallback.address:
            theirs = known.addresses.get(fallback.channel, "") if known is not None else ""
            address = theirs or (self.id if fallback.channel == INBOX else "")
            fallback = Place(fallback.channel, address)
        places = {
            Way.OWN: Place(self.channel, own),
            Way.FALLBACK: fallback,
            Way.LAST: Place(INBOX, self.id),
        }
        for way, place in places.items():
            if place.channel != INBOX and not channels.get(place.channel):
                lacking.setdefault(way, f"the channel {place.channel} is off")
        return Told(
            name=known.name if known is not None else self.name,
            language=known.language if known is not None else self.language,
            places={way: each for way, each in places.items() if way not in lacking},
            lacking=lacking,
        )


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a department's message shows.

    `kpis` in their order; `alerts` are the kinds of alert beside those on these KPIs; `findings`
    whether open findings of the department are listed; `compliance` whether it shows open breaches
    and the headroom of each covenant; `views` are pointed to.
    """

    kpis: tuple[str, ...]
    alerts: frozenset[Kind] = frozenset()
    findings: bool = True
    compliance: bool = False
    views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Department:
    """One department: what it is called, who is told, and of what."""

    id: str
    title: Text
    outputs: Outputs
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """What config/roles_and_outputs.yaml says: the promise, and every department."""

    promise: Promise
    departments: Mapping[str, Department]

    def department(self, name: str) -> Department:
        """Give one department; UsageError names the nearest."""
        from fintech_factory.registry import suggestion

        found = self.departments.get(name)
        if found is None:
            hint = suggestion(name, list(self.departments))
            raise UsageError(f"unknown department `{name}`", hint=hint)
        return found
