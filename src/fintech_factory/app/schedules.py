"""What a workspace does by the clock."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintech_factory.alerting.window import AdHoc, Window
    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.schedule import Due, Schedule
    from fintech_factory.pipeline.schedule_settings import Orchestration
    from fintech_factory.pipeline.slot import Slot
    from fintech_factory.pipeline.slots_due import Mark

__all__ = ["Schedules"]


@dataclass(frozen=True)
class Schedules:
    """The schedules of one workspace, under its maintenance windows."""

    factory: "Factory"

    @cached_property
    def settings(self) -> "Orchestration":
        """What is done when, and again after a failure.

        Raises:
            ConfigError: config/pipelines/data_orchestration.yaml is wrong.
        """
        from fintech_factory.config import load
        from fintech_factory.errors import ConfigError
        from fintech_factory.pipeline.schedule_settings import Orchestration, check_orchestration

        path = self.factory.workspace.config / "pipelines" / "data_orchestration.yaml"
        loaded = load(path, Orchestration)
        if problems := check_orchestration(loaded):
            raise ConfigError(problems)
        return loaded.value

    @cached_property
    def known(self) -> "tuple[Schedule, ...]":
        """Every schedule, in the order of its file.

        Raises:
            ConfigError: config/pipelines/data_orchestration.yaml is wrong.
        """
        from fintech_factory.pipeline.schedule_settings import make_schedules

        return make_schedules(self.settings)

    @property
    def windows(self) -> "tuple[Window, ...]":
        """The maintenance windows that come again and again."""
        return self.factory.alerts.alerting.windows

    def next(self) -> "list[Due]":
        """Give the next slot of each schedule, the soonest first."""
        from fintech_factory.pipeline.schedule import due_next

        now, windows = self.factory.clock.now(), self.windows
        found = [due_next(each, now, windows, self.announced()) for each in self.known]
        return sorted(found, key=lambda each: each.done_at)

    def within(self, days: int) -> "list[Due]":
        """Give every slot of the coming days, in order."""
        from fintech_factory.pipeline.schedule import due_within

        now = self.factory.clock.now()
        span = (now, now + timedelta(days=days))
        return due_within(self.known, span, self.windows, self.announced())

    def listed(self) -> "list[dict[str, Any]]":
        """Give each schedule with how it stands and its last slot, in the order of its file."""
        from fintech_factory.pipeline.slot_store import last_slots
        from fintech_factory.pipeline.slots_due import marks

        with self.factory.state.reading() as connection:
            known = marks(connection)
            last = last_slots(connection)
        return [_listed(each, known.get(each.name), last.get(each.name)) for each in self.known]

    def announced(self) -> "tuple[AdHoc, ...]":
        """Give the maintenance windows that somebody has announced."""
        from fintech_factory.pipeline.alert_circumstances import announced

        with self.factory.state.reading() as connection:
            return announced(connection, self.factory.clock.now())


def _listed(schedule: "Schedule", mark: "Mark | None", last: "Slot | None") -> dict[str, Any]:
    paused = mark is not None and mark.paused_at is not None
    status, reason = "on", ""
    if not schedule.is_enabled:
        status, reason = "off", schedule.reason
    elif mark is not None and paused:
        status, reason = "paused", f"{mark.paused_by}: {mark.pause_reason}"
    return {
        "schedule": schedule.name,
        "title": dict(schedule.title),
        "does": schedule.does.value,
        "at": schedule.at,
        "status": status,
        "reason": reason or None,
        "seen_through": mark.through.isoformat() if mark else None,
        "last": last
        and {
            "slot": last.slot,
            "status": last.status.value,
            "outcome": last.outcome or None,
            "run_id": last.run_id or None,
            "reason": last.reason or None,
        },
    }
