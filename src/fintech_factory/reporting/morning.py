"""What is known on a morning: figures of the expected date, or why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.message import Fact, Text
from fintech_factory.values import LimitState

__all__ = ["CovenantStanding", "Missing", "Morning", "OpenAlert", "OpenFinding"]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there are no figures of the expected date.

    `expected` is that date, `latest` the last day that published figures speak of, None where
    none were ever published. `reasons` are never empty, the first in time first.
    """

    expected: date
    latest: date | None
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open: what it is on, and how grave; `kpi` is empty where it is on none.

    `has_owner` says whether somebody has acknowledged it or it is somebody's.
    """

    kind: str
    kpi: str
    title: Text
    level: LimitState
    since: datetime
    as_of: date | None = None
    has_owner: bool = False
    compliance: bool = False


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that nobody has accepted, and the department or person that answers for it."""

    id: str
    owner: str
    code: str
    said: Text
    level: LimitState


@dataclass(frozen=True, slots=True)
class CovenantStanding:
    """How one covenant stands at the as-of date.

    `facts` are its figures: the covenant's own, then what is said beside it (headroom, days to a
    breach).
    """

    title: Text
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Morning:
    """All that the messages of one day are made of.

    `readings` are those of the whole book by KPI, `before` each KPI's value at the last date
    before and that date. With `missing` there are no figures, whatever the other fields hold.
    `as_of` is the date that they speak of, `data_through` the last day of their data. `stale` says
    why what is published is not what it should be by now, empty where it is. `age_hours` is how
    long ago the last day of data ended.
    """

    day: date
    kpis: Mapping[str, Kpi]
    as_of: date | None = None
    data_through: date | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)
    before: Mapping[str, tuple[Decimal, date]] = field(default_factory=dict)
    missing: Missing | None = None
    stale: Text | None = None
    age_hours: Decimal | None = None
    arrived_at: datetime | None = None
    run_id: str = ""
    alerts: tuple[OpenAlert, ...] = ()
    findings: tuple[OpenFinding, ...] = ()
    covenants: tuple[CovenantStanding, ...] = ()
    currency: str = ""
