"""Notices that are told in one message, so that a storm is one message and not a thousand."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fintech_factory.alerting.match import Subject
from fintech_factory.alerting.notice import Notice
from fintech_factory.message import Occasion

__all__ = ["Bundle", "bundle_of", "gather", "group_key"]

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Bundle(Generic[T]):
    """One message: a notice for its address, and all that it speaks of, in order."""

    notice: Notice
    about: tuple[T, ...]


def group_key(subject: Subject, route: str, by: Iterable[str], occasion: Occasion) -> str:
    """Name the group of a notice; a compliance breach has none and is told alone.

    Levels and occasions are never mixed: what is critical does not hide among warnings.
    """
    if subject.compliance:
        return ""
    labels = (f"{name}={getattr(subject, name)}" for name in by)
    return "|".join((route, subject.level.value, occasion.value, *labels))


def bundle_of(notice: Notice) -> Hashable | None:
    """Name the message that a notice becomes a part of; None where it is told alone."""
    if not notice.group:
        return None
    place = (notice.channel, notice.address, notice.language)
    return (*place, notice.occasion, notice.level, notice.group)


def gather(told: Iterable[tuple[Notice, T]]) -> tuple[Bundle[T], ...]:
    """Make one bundle of the notices of one group, channel and address, in their order."""
    bundles: dict[Hashable, list[tuple[Notice, T]]] = {}
    for number, (notice, about) in enumerate(told):
        bundles.setdefault(bundle_of(notice) or number, []).append((notice, about))
    return tuple(
        Bundle(held[0][0], tuple(dict.fromkeys(about for _, about in held)))
        for held in bundles.values()
    )
