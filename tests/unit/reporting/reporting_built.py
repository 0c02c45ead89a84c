"""Departments, recipients and mornings from a few words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fintech_factory.kpi_engine import Definitions
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.message import Language, Text
from fintech_factory.reporting.department import Department, Outputs, Place, Recipient, Told, Way
from fintech_factory.reporting.morning import Missing, Morning
from fintech_factory.reporting.rounds import Sent

DAY, AS_OF, BEFORE = date(2025, 12, 11), date(2025, 12, 10), date(2025, 12, 9)
SIX = datetime(2025, 12, 11, 6, tzinfo=UTC)
OWN, OTHER, INBOX = Place("email", "a@example.com"), Place("webhook", "risk"), Place("inbox", "ana")
WAYS = {Way.OWN: OWN, Way.FALLBACK: OTHER, Way.LAST: INBOX}


def department(*kpis: str, **outputs: object) -> Department:
    ana = Recipient("ana", "Ana", Language.EN, "email", "a@example.com")
    given = Outputs(tuple(kpis) or ("par_90", "outstanding"), **outputs)  # type: ignore[arg-type]
    return Department("risk", Text("Risk", "Riesgo"), given, (ana,))


def reading(
    definitions: Definitions, kpi: str, value: str | None, on: date = AS_OF, **more: object
) -> Reading:
    known = definitions.get(kpi)
    exact = Decimal(value) if value is not None else None
    state = known.limits.state(exact) if exact is not None else None
    status = Status.OK if value is not None else Status.UNAVAILABLE
    given = {"status": status, "limit_state": state, **more}
    return Reading(kpi, 1, on, on, known.unit, value=exact, **given)  # type: ignore[arg-type]


def morning(
    definitions: Definitions,
    figures: Mapping[str, str | None] | None = None,
    before: Mapping[str, str] | None = None,
    **more: object,
) -> Morning:
    given = {"par_90": "5.46", "outstanding": "1000"} if figures is None else figures
    known = {kpi: reading(definitions, kpi, value) for kpi, value in given.items()}
    settings = {
        "as_of": AS_OF,
        "data_through": AS_OF,
        "age_hours": Decimal("6.00"),
        "currency": "USD",
        "readings": known,
        "before": {kpi: (Decimal(value), BEFORE) for kpi, value in (before or {}).items()},
        **more,
    }
    return Morning(DAY, definitions.kpis, **settings)  # type: ignore[arg-type]


def missing(*reasons: str) -> Missing:
    return Missing(AS_OF, BEFORE, tuple(Text.same(each) for each in reasons or ("it is late",)))


def told(**lacking: str) -> Told:
    places = {way: place for way, place in WAYS.items() if way not in lacking}
    return Told("Ana", Language.EN, places, lacking)


def sent(
    way: str = Way.OWN,
    kind: str = "figures",
    *,
    arrived: float | None = None,
    failed: bool = False,
    written: float = 0,
) -> Sent:
    """Give a message that was written and received some minutes after 06:00."""
    return Sent(
        department="risk",
        recipient="ana",
        kind=kind,
        way=way,
        place=WAYS[way],
        written_at=SIX + timedelta(minutes=written),
        arrived_at=None if arrived is None else SIX + timedelta(minutes=arrived),
        is_over=failed or arrived is not None,
        status="dead" if failed else "waiting" if arrived is None else "delivered",
        reason="refused" if failed else "",
        key=f"{way} {kind}",
    )
