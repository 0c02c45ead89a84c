"""What lies in a workspace's inbox, and what of it is all there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.readiness import Contract, Patience, Readiness
    from fintech_factory.pipeline.slot_store import Asked

__all__ = ["Arrivals", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An export in the inbox, and whether it is all there."""

    files: "tuple[Path, ...]"
    readiness: "Readiness"


@dataclass(frozen=True)
class Arrivals:
    """The inbox of one workspace."""

    factory: "Factory"

    def asked(self, now: datetime) -> "list[Asked]":
        """Give what the inbox asks for: a run for each export that is all there, once."""
        return list(self._asked(now))

    def _asked(self, now: datetime) -> "Iterator[Asked]":
        from fintech_factory.pipeline.readiness import signature
        from fintech_factory.pipeline.schedule import Work
        from fintech_factory.pipeline.slot import Cause
        from fintech_factory.pipeline.slot_store import Asked

        for each in self.waiting():
            if not each.readiness.is_ready:
                continue
            try:
                name = signature(each.files)
            except OSError:
                # Whoever put it there, or another process, has taken it away meanwhile.
                continue
            yield Asked("arrival", name, Work.RUN, Cause.ARRIVAL, now)

    def waiting(self) -> list[Waiting]:
        """Give what lies in the inbox, and whether each is all there."""
        from fintech_factory.pipeline.inbox import arrivals

        found = arrivals(self.factory.workspace.inbox)
        return [Waiting(each, self.readiness(each)) for each in found]

    def is_ready(self, export: "tuple[Path, ...]") -> bool:
        """Say whether an export of the inbox is all there."""
        return self.readiness(export).is_ready

    def readiness(self, export: "tuple[Path, ...]") -> "Readiness":
        """Say whether an export of the inbox is all there, and why not."""
        from fintech_factory.clock import SystemClock
        from fintech_factory.pipeline.readiness import readiness

        # Files bear the machine's time, whatever clock the work goes by.
        return readiness(export, self.contract, self.patience, SystemClock().now())

    @cached_property
    def patience(self) -> "Patience":
        """How long an export has to lie untouched, and how long one may look incomplete."""
        from fintech_factory.pipeline.schedule_settings import make_patience

        return make_patience(self.factory.schedules.settings.arrivals)

    @cached_property
    def contract(self) -> "Contract":
        """The tables of an export by the names of their files."""
        from fintech_factory.config import load
        from fintech_factory.ingestion import CascadeSettings
        from fintech_factory.pipeline.readiness import Contract

        path = self.factory.workspace.config / "integrations" / "cascade.yaml"
        tables = load(path, CascadeSettings).value.tables
        return Contract(
            patterns={name: tuple(each.files) for name, each in tables.items()},
            required=frozenset(name for name, each in tables.items() if each.required),
        )
