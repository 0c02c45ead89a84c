"""The objectives of a workspace, and how it stands to them by its records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fintech_factory.telemetry.exposition import Family, Kind, Sample
from fintech_factory.telemetry.objective import Objective, Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory

__all__ = ["OBJECTIVES", "Objectives", "slo_measures", "standing_json"]

_MONTH = timedelta(days=30)
# What came before the window may still be known late.
_BEFORE = timedelta(days=1)
_PLACES = Decimal("0.000001")

OBJECTIVES = (
    Objective(
        "arrival_to_alert",
        "Somebody outside has word of an alert within 5 minutes of the export's arrival.",
        "alerts",
        Decimal("0.99"),
        _MONTH,
    ),
    Objective(
        "run_success",
        "Work that was due, or run by hand, came to its end.",
        "pieces of work",
        Decimal("0.99"),
        _MONTH,
    ),
    Objective(
        "freshness",
        "The published figures speak of all days that they should; late from 3 hours after the"
        " export is expected.",
        "seconds",
        Decimal("0.99"),
        _MONTH,
    ),
    Objective(
        "uptime",
        "A process keeps the day going, planned maintenance left out.",
        "seconds",
        Decimal("0.995"),
        _MONTH,
    ),
    Objective(
        "uptime_raw",
        "A process keeps the day going, planned maintenance or not.",
        "seconds",
        Decimal("0.995"),
        _MONTH,
    ),
)
"""What the product promises, each over 30 days (R071, R100, R101, R104)."""


@dataclass(frozen=True)
class Objectives:
    """The objectives of one workspace."""

    factory: "Factory"

    def standings(self) -> list[Standing]:
        """Say how each objective stands now, computed from the records alone.

        Raises:
            StateError: the database cannot be read.
            ConfigError: the settings of validation or of alerts are wrong.
        """
        now = self.factory.clock.now()
        with self.factory.state.reading() as connection:
            return self.at(connection, now)

    def at(self, connection: "Connection", now: datetime) -> list[Standing]:
        """Say how each objective stands at a moment."""
        from fintech_factory.pipeline.alert_measures import ways_since
        from fintech_factory.pipeline.live import expectation
        from fintech_factory.pipeline.objective_records import (
            Freshness,
            words_in_time,
            work_done,
        )
        from fintech_factory.pipeline.uptime_records import Up

        since = now - _MONTH - _BEFORE
        up = Up.of(connection, self.factory.schedules.windows, (since, now))
        counts = {
            "arrival_to_alert": words_in_time(ways_since(connection, since), now).count,
            "run_success": work_done(connection, since).count,
            "freshness": Freshness.of(
                connection, expectation(self.factory.validation.settings)
            ).count,
            "uptime": up.beside_planned,
            "uptime_raw": up.raw,
        }
        return [standing(each, counts[each.name], now) for each in OBJECTIVES]


def standing_json(stands: Standing) -> dict[str, Any]:
    """Give a standing as one JSON object; shares are text of up to 6 places, absent ones null."""
    objective = stands.objective
    return {
        "objective": objective.name,
        "says": objective.says,
        "unit": objective.unit,
        "target": format(objective.target, "f"),
        "window_days": objective.window.days,
        "good": format(stands.good, "f"),
        "of": format(stands.whole, "f"),
        "ratio": _rounded(stands.ratio),
        "budget_left": _rounded(stands.budget_left),
        "burn": {name: _rounded(each) for name, each in stands.burn.items()},
        "status": stands.verdict.value,
    }


def slo_measures(standings: list[Standing]) -> "Iterator[Family]":
    """Give the objectives as measures; what nothing is known of has no sample."""
    yield Family(
        "factory_slo_target_ratio",
        Kind.GAUGE,
        "The share that has to be good within 30 days.",
        tuple(
            Sample(float(each.objective.target), {"objective": each.objective.name})
            for each in standings
        ),
    )
    for name, said, figure in (
        ("ratio", "The share that was good.", [each.ratio for each in standings]),
        (
            "budget_left_ratio",
            "The share of what may be bad that is left; below 0 the objective is missed.",
            [each.budget_left for each in standings],
        ),
    ):
        yield Family(
            f"factory_slo_{name}",
            Kind.GAUGE,
            said,
            tuple(
                Sample(float(value), {"objective": each.objective.name})
                for each, value in zip(standings, figure, strict=True)
                if value is not None
            ),
        )
    yield Family(
        "factory_slo_burn_rate",
        Kind.GAUGE,
        "How many times as fast as it may be the budget is used up, by window.",
        tuple(
            Sample(float(burn), {"objective": each.objective.name, "window": window})
            for each in standings
            for window, burn in each.burn.items()
            if burn is not None
        ),
    )


def _rounded(value: Decimal | None) -> str | None:
    return None if value is None else format(value.quantize(_PLACES).normalize(), "f")
