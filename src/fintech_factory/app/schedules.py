"""What a workspace does by the clock."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.alerting.window import AdHoc
    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.schedule import Due, Schedule

__all__ = ["Schedules"]


@dataclass(frozen=True)
class Schedules:
    """The schedules of one workspace, under its maintenance windows."""

    factory: "Factory"

    @cached_property
    def known(self) -> "tuple[Schedule, ...]":
        """Every schedule, in the order of its file.

        Raises:
            ConfigError: config/pipelines/data_orchestration.yaml is wrong.
        """
        from fintech_factory.config import load
        from fintech_factory.errors import ConfigError
        from fintech_factory.pipeline.schedule_settings import (
            Orchestration,
            check_orchestration,
            make_schedules,
        )

        path = self.factory.workspace.config / "pipelines" / "data_orchestration.yaml"
        loaded = load(path, Orchestration)
        if problems := check_orchestration(loaded):
            raise ConfigError(problems)
        return make_schedules(loaded.value)

    def next(self) -> "list[Due]":
        """Give the next slot of each schedule, the soonest first."""
        from fintech_factory.pipeline.schedule import due_next

        now, windows = self.factory.clock.now(), self.factory.alerts.alerting.windows
        found = [due_next(each, now, windows, self._announced()) for each in self.known]
        return sorted(found, key=lambda each: each.done_at)

    def within(self, days: int) -> "list[Due]":
        """Give every slot of the coming days, in order."""
        from fintech_factory.pipeline.schedule import due_within

        now = self.factory.clock.now()
        span = (now, now + timedelta(days=days))
        windows = self.factory.alerts.alerting.windows
        return due_within(self.known, span, windows, self._announced())

    def _announced(self) -> "tuple[AdHoc, ...]":
        from fintech_factory.pipeline.alert_circumstances import announced

        with self.factory.state.reading() as connection:
            return announced(connection, self.factory.clock.now())
