"""Which model each settings file of a workspace must fit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile, Models
    from fintech_factory.kpi_engine import KpiFile
    from fintech_factory.values import Problem

__all__ = ["config_models"]


def config_models() -> "Models":
    """Say which model each file of `config/` must fit; KPI expressions are looked into as well."""
    from fintech_factory.config import CheckedFile, FactorySettings
    from fintech_factory.config.validation import ValidationSettings
    from fintech_factory.ingestion.sources.cascade import CascadeSettings
    from fintech_factory.kpi_engine import KpiFile

    return {
        "factory.yaml": FactorySettings,
        "integrations/cascade.yaml": CascadeSettings,
        "kpis/kpi_definitions.yaml": CheckedFile(KpiFile, _check_kpis),
        "validation.yaml": ValidationSettings,
    }


def _check_kpis(loaded: "LoadedFile[KpiFile]") -> "Sequence[Problem]":
    """Check every KPI's definition, then compute every worked example by both engines."""
    from fintech_factory.kpi_engine import check_definitions, check_examples, read_definitions
    from fintech_factory.warehouse.duckdb import in_memory

    problems = check_definitions(loaded)
    if problems:
        return problems
    with in_memory() as reader:
        return check_examples(read_definitions(loaded), reader.query)
