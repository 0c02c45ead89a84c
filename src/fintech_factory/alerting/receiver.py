"""Who is told, and at which addresses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fintech_factory.alerting.rota import Override, Rota, on_call
from fintech_factory.message import Language

__all__ = ["Address", "Destination", "Directory", "Person", "Receiver"]


@dataclass(frozen=True, slots=True)
class Address:
    """A place in a channel: `slack`, `#fintech-ops`; empty for the one of the channel itself."""

    channel: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with addresses by channel."""

    id: str
    name: str
    language: Language
    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A name for those who are told together.

    `addresses` are told in the receiver's `language`. `people`, and who is on call of `rota`, are
    told in their own, at the addresses that they have in the channels `via`.
    """

    id: str
    language: Language = Language.EN
    addresses: tuple[Address, ...] = ()
    people: tuple[str, ...] = ()
    rota: str = ""
    via: tuple[str, ...] = ()

    @property
    def channels(self) -> frozenset[str]:
        """Every channel that it can be told by."""
        return frozenset({*self.via, *(each.channel for each in self.addresses)})


@dataclass(frozen=True, slots=True)
class Destination:
    """One address that one receiver comes down to."""

    receiver: str
    channel: str
    address: str
    language: Language


@dataclass(frozen=True, slots=True)
class Directory:
    """Every receiver, person and rota."""

    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    rotas: Mapping[str, Rota] = field(default_factory=dict)

    def destinations(
        self, receivers: Iterable[str], at: datetime, overrides: Iterable[Override] = ()
    ) -> Iterator[Destination]:
        """Give each address once, under the first receiver that has it."""
        seen: set[tuple[str, str]] = set()
        overrides = tuple(overrides)
        for name in receivers:
            for found in self._of(self.receivers[name], at, overrides):
                place = (found.channel, found.address)
                if place not in seen:
                    seen.add(place)
                    yield found

    def _of(
        self, receiver: Receiver, at: datetime, overrides: tuple[Override, ...]
    ) -> Iterator[Destination]:
        for each in receiver.addresses:
            yield Destination(receiver.id, each.channel, each.to, receiver.language)
        for person in self._people(receiver, at, overrides):
            for channel in receiver.via:
                if channel in person.addresses:
                    to = person.addresses[channel]
                    yield Destination(receiver.id, channel, to, person.language)

    def _people(
        self, receiver: Receiver, at: datetime, overrides: tuple[Override, ...]
    ) -> Iterator[Person]:
        yield from (self.people[each] for each in receiver.people)
        if receiver.rota:
            person = on_call(self.rotas[receiver.rota], at, overrides)
            if person is not None:
                yield self.people[person]
