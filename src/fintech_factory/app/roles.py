"""Who is told what every day: config/roles_and_outputs.yaml against the rest of a workspace."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.app.factory import Factory
    from fintech_factory.reporting.checking import Around
    from fintech_factory.reporting.department import Roles

__all__ = ["FILE", "RolesOf", "around"]

FILE = "roles_and_outputs.yaml"
"""The file of `config/` that says who is told every day, and of what."""


def around(config: Path) -> "Around":
    """Give what the file is held against; of another file that is wrong nothing is known."""
    from fintech_factory.app.channels import channels_of
    from fintech_factory.errors import ConfigError
    from fintech_factory.kpi_engine import load_definitions
    from fintech_factory.reporting.checking import Around
    from fintech_factory.views.catalogue import Catalogue

    kpis: Collection[str] | None
    try:
        kpis = load_definitions(config / "kpis" / "kpi_definitions.yaml").kpis
    except ConfigError:
        # The KPIs' own check says what is wrong with them.
        kpis = None
    try:
        alerts = _alerts(config)
    except ConfigError:
        alerts = None
    return Around(kpis, alerts, channels_of(config), Catalogue.names())


def _alerts(config: Path) -> "AlertSettings":
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.config import load

    return load(config / "alerts.yaml", AlertSettings).value


@dataclass(frozen=True)
class RolesOf:
    """The departments of one workspace."""

    factory: "Factory"

    @cached_property
    def known(self) -> "Roles":
        """The promise and every department.

        Raises:
            ConfigError: config/roles_and_outputs.yaml is wrong or missing; every fault has its
                place.
        """
        from fintech_factory.app.channels import channels_of
        from fintech_factory.config import load
        from fintech_factory.errors import ConfigError
        from fintech_factory.reporting.checking import Around, check_roles, make_roles
        from fintech_factory.reporting.settings import RolesSettings
        from fintech_factory.views.catalogue import Catalogue

        config = self.factory.workspace.config
        alerts = _alerts(config)
        loaded = load(config / FILE, RolesSettings)
        known = Around(self._kpis, alerts, channels_of(config), Catalogue.names())
        if problems := check_roles(loaded, known):
            raise ConfigError(problems)
        return make_roles(loaded.value, alerts)

    @property
    def _kpis(self) -> Collection[str] | None:
        """Name the KPIs there are; where they are wrong, people are told all the same, and why."""
        from fintech_factory.errors import ConfigError

        try:
            return self.factory.definitions.kpis
        except ConfigError:
            return None
