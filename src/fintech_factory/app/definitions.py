"""What a workspace can say of its KPIs' definitions, as they stand and as runs used them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import DefinitionError, NothingPublished

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory
    from fintech_factory.kpi_engine import Kpi, Reading
    from fintech_factory.kpi_engine.definition_diff import DefinitionDiff
    from fintech_factory.kpi_engine.outdated import Known
    from fintech_factory.kpi_engine.versions import LoggedVersion
    from fintech_factory.pipeline.definition_log import DefinitionLog

__all__ = ["KpiVersions"]


@dataclass(frozen=True)
class KpiVersions:
    """The versions of one workspace's definitions: guard, keep, compare with the file."""

    factory: "Factory"

    @cached_property
    def log(self) -> "DefinitionLog":
        """What runs have used."""
        from fintech_factory.pipeline.definition_log import DefinitionLog

        return DefinitionLog(self.factory.state)

    @cached_property
    def latest(self) -> "dict[str, LoggedVersion]":
        """The newest version of each KPI that a run has used."""
        return self.log.latest()

    @cached_property
    def known(self) -> "Known":
        """What each version meant that a run has used."""
        from fintech_factory.kpi_engine.outdated import by_version

        return by_version(self.log.versions())

    def guard(self) -> None:
        """Refuse definitions that say something else than their version did before.

        Raises:
            DefinitionError: lists every one, with its place in the file.
        """
        from fintech_factory.kpi_engine.versions import check_versions

        problems = check_versions(self.factory.kpi_file, self.factory.definitions, self.latest)
        if problems:
            raise DefinitionError(problems)

    def keep(
        self, connection: "Connection", run_id: str
    ) -> "list[tuple[LoggedVersion | None, Kpi]]":
        """Keep the versions that a run is the first to use, in the transaction that commits it.

        Gives each with the version before, None for a KPI that is new.
        """
        now = self.factory.clock.now()
        return self.log.note(connection, self.factory.definitions, run_id, now)

    def outdated(self, readings: "Sequence[Reading]") -> "Mapping[str, bool]":
        """Name the KPIs whose published readings were made by another meaning than the file's.

        Each comes with whether it had limits then. A figure that is made of others is outdated
        as well once one of theirs is. A reading that was computed on demand never is.
        """
        from fintech_factory.kpi_engine.outdated import outdated

        return outdated(self.factory.definitions, readings, self.known)

    def diff(self, kpis: "Sequence[str]" = (), months: int = 24) -> "list[DefinitionDiff]":
        """Say what the file changes in the definitions that runs used last, and what that does.

        Both are read from the published ledger at its last full month-ends. Without KPIs: all;
        what is the same on both sides is left out.

        Raises:
            NothingPublished: no run has published, or none has kept its definitions yet.
            UsageError: a KPI that neither the file nor any run knows.
        """
        from fintech_factory.pipeline.definition_change import Sides, diff_definitions

        if not self.log.exists:
            raise NothingPublished(
                "no run has kept its definitions yet",
                where=self.log.where,
                hint="`factory run` keeps those in force",
            )
        series = self.factory.kpi_series
        sides = Sides(self.factory.definitions, self.latest, Path(self.log.where))
        return diff_definitions(sides, series.past, series.full_months(months), kpis)
