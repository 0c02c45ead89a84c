"""How long it took from an export's arrival until somebody was told (R100)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

__all__ = ["PROMISED", "Latencies", "Latency", "latencies"]

PROMISED = timedelta(minutes=5)
"""From arrival to receipt; a receipt at five minutes sharp is late (R100: less than five)."""


@dataclass(frozen=True, slots=True)
class Latency:
    """The way of one alert, from the export that caused it to the first receipt from outside.

    `arrived_at` is when the landing of the export began, None unless the alert fired in the first
    run of a fresh export: a rerun, a backfill and the clock cause alerts that no arrival can be
    held to. `received_at` is when a channel outside first said that it has a message, and
    `received_by` which one. `reason` says what of it is not known.
    """

    fired_at: datetime
    arrived_at: datetime | None = None
    committed_at: datetime | None = None
    received_at: datetime | None = None
    reason: str = ""
    received_by: str = ""

    @property
    def seconds(self) -> float | None:
        """Seconds from arrival to the first receipt; None where either is not known."""
        if self.arrived_at is None or self.received_at is None:
            return None
        return (self.received_at - self.arrived_at).total_seconds()

    def is_missed(self, at: datetime, within: timedelta = PROMISED) -> bool:
        """Say whether the promise was broken by a moment: a receipt too late, or none yet."""
        if self.arrived_at is None:
            return False
        return (self.received_at or at) - self.arrived_at >= within


@dataclass(frozen=True, slots=True)
class Latencies:
    """Many of them: nearest-rank percentiles in seconds, None of none; `missed` of `caused`.

    `caused` are those that an arrival caused, `measured` those of them that were received.
    """

    caused: int
    measured: int
    missed: int
    p50: float | None
    p99: float | None
    most: float | None


def latencies(found: Iterable[Latency], at: datetime) -> Latencies:
    """Sum up how long alerts took, as it stands at a moment."""
    caused = [each for each in found if each.arrived_at is not None]
    known = sorted(each.seconds for each in caused if each.seconds is not None)
    return Latencies(
        caused=len(caused),
        measured=len(known),
        missed=sum(each.is_missed(at) for each in caused),
        p50=_ranked(known, 50),
        p99=_ranked(known, 99),
        most=_ranked(known, 100),
    )


def _ranked(known: list[float], percent: int) -> float | None:
    return known[ceil(len(known) * percent / 100) - 1] if known else None
