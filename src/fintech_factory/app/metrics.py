"""The measures of a workspace, computed from its records: every process gives the same."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from fintech_factory import __version__
from fintech_factory.app.slo import Objectives, slo_measures
from fintech_factory.telemetry.exposition import Family, Kind, Sample, text_of
from fintech_factory.values import Severity

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fintech_factory.app.factory import Factory

__all__ = ["WINDOW", "exposition", "measures"]

WINDOW = timedelta(days=30)
"""Over how long latencies are summed up: the window of the objectives."""
_LANDED = "ingest.landed"
# The exports of one source are looked for among so many landings.
_LANDINGS = 200


def exposition(factory: "Factory") -> str:
    """Give the measures of a workspace in Prometheus' text format 0.0.4.

    They are computed from the operational database as it stands, in one reading: whoever asks,
    and however often processes begin anew, gets the same.

    Raises:
        StateError: the database cannot be read.
    """
    return text_of(measures(factory))


def measures(factory: "Factory") -> list[Family]:
    """Give the measures of a workspace; what is not known (nothing published) has no sample.

    Raises:
        StateError: the database cannot be read.
    """
    from fintech_factory.pipeline.alert_measures import alert_measures, delivery_measures
    from fintech_factory.pipeline.work_measures import last_published, work_measures

    now = factory.clock.now()
    with factory.state.reading() as connection:
        return [
            Family(
                "factory_build_info",
                Kind.GAUGE,
                "The version of the product that gives these measures; always 1.",
                (Sample(1, {"version": __version__}),),
            ),
            *work_measures(connection, now),
            *_freshness(last_published(connection), now),
            *alert_measures(connection, now, WINDOW),
            *delivery_measures(connection, now),
            *slo_measures(Objectives(factory).at(connection, now)),
            *_audit(connection),
            _quarantined(connection),
            _findings(factory, now.astimezone(UTC).date()),
        ]


def _freshness(last: "Row[Any] | None", now: datetime) -> Iterator[Family]:
    found: dict[str, float] = {}
    if last is not None:
        found["published"] = (now - last.committed_at).total_seconds()
        through = date.fromisoformat(last.record["data_through"])
        found["data"] = (now - end_of(through)).total_seconds()
        if last.arrived_at is not None:
            found["export"] = (now - last.arrived_at).total_seconds()
    says = {
        "published": "Since the published version was committed.",
        "data": "Since the end of the last day that the published figures speak of.",
        "export": "Since the export behind the published figures arrived.",
    }
    for name, said in says.items():
        samples = (Sample(max(found[name], 0)),) if name in found else ()
        yield Family(f"factory_{name}_age_seconds", Kind.GAUGE, said, samples)


def end_of(day: date) -> datetime:
    """Give the moment at which a day of UTC is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _audit(connection: "Connection") -> Iterator[Family]:
    from sqlalchemy import func, select

    from fintech_factory.state.tables import audit_checkpoint, audit_entry

    for name, table, said in (
        ("factory_audit_sequence", audit_entry, "The number of the last entry of the audit trail."),
        (
            "factory_audit_checkpoint_sequence",
            audit_checkpoint,
            "The number of the last entry that a signed checkpoint covers.",
        ),
    ):
        last = connection.scalar(select(func.max(table.c.sequence)))
        yield Family(name, Kind.GAUGE, said, () if last is None else (Sample(last),))


def _quarantined(connection: "Connection") -> Family:
    from sqlalchemy import select

    from fintech_factory.state.tables import audit_entry

    wanted = (
        select(audit_entry.c.after)
        .where(audit_entry.c.action == _LANDED)
        .order_by(audit_entry.c.sequence.desc())
        .limit(_LANDINGS)
    )
    newest: dict[str, Mapping[str, Any]] = {}
    for text in connection.scalars(wanted):
        landed = json.loads(text or "{}")
        if "tables" in landed:
            newest.setdefault(str(landed.get("source", "")), landed["tables"])
    return Family(
        "factory_quarantined_rows",
        Kind.GAUGE,
        "Rows that were set aside of the last export of each source that landed.",
        tuple(
            Sample(int(rows["set_aside"]), {"source": source, "table": table})
            for source, tables in sorted(newest.items())
            for table, rows in sorted(tables.items())
        ),
    )


def _findings(factory: "Factory", today: date) -> Family:
    known = factory.validation.memory.after([]).values()
    counts = Counter(each.severity for each in known if each.state_on(today).value == "open")
    return Family(
        "factory_findings_open",
        Kind.GAUGE,
        "Findings that are open as the last run left them, by severity.",
        tuple(Sample(counts[each], {"severity": each.value}) for each in Severity),
    )
