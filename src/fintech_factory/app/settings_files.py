"""Which model each settings file of a workspace must fit."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.config import LoadedFile, Models
    from fintech_factory.config.workspace import Workspace
    from fintech_factory.kpi_engine import KpiFile
    from fintech_factory.reporting.settings import RolesSettings
    from fintech_factory.values import Problem
    from fintech_factory.views.facilities.settings import FacilitySettings

__all__ = ["config_models"]


def config_models(
    workspace: "Workspace | None" = None, *, are_files_alone: bool = False
) -> "Models":
    """Say which model each file of `config/` must fit; KPI expressions are looked into as well.

    With a workspace, its definitions are also held against the versions that its runs have used;
    `are_files_alone` leaves that out, and with it the operational database.
    """
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.app.channels import channel_models
    from fintech_factory.config import CheckedFile, FactorySettings
    from fintech_factory.config.validation import ValidationSettings
    from fintech_factory.ingestion.sources.cascade import CascadeSettings
    from fintech_factory.kpi_engine import KpiFile
    from fintech_factory.pipeline.schedule_settings import Orchestration, check_orchestration
    from fintech_factory.reporting.settings import RolesSettings
    from fintech_factory.views.facilities.settings import FacilitySettings
    from fintech_factory.views.provisioning import Provisioning
    from fintech_factory.views.scenarios import Scenarios

    used_by = None if are_files_alone else workspace
    return {
        "alerts.yaml": CheckedFile(AlertSettings, _check_alerts),
        "facilities/*.yaml": CheckedFile(FacilitySettings, _check_facility),
        "factory.yaml": FactorySettings,
        "integrations/cascade.yaml": CascadeSettings,
        **channel_models(workspace),
        "kpis/kpi_definitions.yaml": CheckedFile(KpiFile, partial(_check_kpis, used_by)),
        "pipelines/data_orchestration.yaml": CheckedFile(Orchestration, check_orchestration),
        "provisioning.yaml": Provisioning,
        "roles_and_outputs.yaml": CheckedFile(RolesSettings, _check_roles),
        "scenarios.yaml": Scenarios,
        "validation.yaml": ValidationSettings,
    }


def _check_kpis(
    workspace: "Workspace | None", loaded: "LoadedFile[KpiFile]"
) -> "Sequence[Problem]":
    """Check every KPI's definition and version, then its worked examples by both engines."""
    from fintech_factory.app.factory import Factory
    from fintech_factory.errors import ConfigError
    from fintech_factory.kpi_engine import check_definitions, check_examples, read_definitions
    from fintech_factory.kpi_engine.versions import check_versions
    from fintech_factory.warehouse.duckdb import in_memory

    problems = check_definitions(loaded)
    if problems:
        return problems
    definitions = read_definitions(loaded)
    with in_memory() as reader:
        problems = list(check_examples(definitions, reader.query))
    if workspace is not None:
        with suppress(ConfigError):  # the check of the file that names the database says it
            used = Factory(workspace).kpi_versions.latest
            problems += check_versions(loaded, definitions, used)
    return problems


def _check_facility(loaded: "LoadedFile[FacilitySettings]") -> "Sequence[Problem]":
    """Check a facility's conditions and covenants, against the KPIs of the same workspace."""
    from fintech_factory.errors import ConfigError
    from fintech_factory.kpi_engine import load_definitions
    from fintech_factory.views.facilities.checking import check_facility

    kpis = loaded.path.parent.parent / "kpis" / "kpi_definitions.yaml"
    try:
        known = load_definitions(kpis).kpis
    except ConfigError:
        # The KPIs' own check says what is wrong with them.
        return check_facility(loaded, None)
    return check_facility(loaded, known)


def _check_alerts(loaded: "LoadedFile[AlertSettings]") -> "Sequence[Problem]":
    """Check who is told of what, against the KPIs, channels and runbooks of the same workspace."""
    from fintech_factory.alerting.checking import Beside, check_alerts
    from fintech_factory.app.channels import channels_of, places_of
    from fintech_factory.app.runbooks import known_runbooks
    from fintech_factory.errors import ConfigError
    from fintech_factory.kpi_engine import load_definitions

    config = loaded.path.parent
    channels, runbooks = channels_of(config), known_runbooks(config)
    beside = Beside(places_of(config), runbooks.names)
    try:
        definitions = load_definitions(config / "kpis" / "kpi_definitions.yaml")
    except ConfigError:
        # The KPIs' own check says what is wrong with them.
        definitions = None
    return [*check_alerts(loaded, definitions, channels, beside), *runbooks.problems]


def _check_roles(loaded: "LoadedFile[RolesSettings]") -> "Sequence[Problem]":
    """Check who is told every day and of what, against everything that the file names."""
    from fintech_factory.app.roles import around
    from fintech_factory.reporting.checking import check_roles

    return check_roles(loaded, around(loaded.path.parent))
