"""Computes KPIs from their definitions, twice, by two engines that share no SQL."""

from typing import TYPE_CHECKING, Any

from fintech_factory.kpi_engine.checking import (
    check_definitions,
    load_definitions,
    read_definitions,
)
from fintech_factory.kpi_engine.compare import compare
from fintech_factory.kpi_engine.compile import CompiledQuery, compile_model
from fintech_factory.kpi_engine.definitions import Definitions, Kpi, is_measured
from fintech_factory.kpi_engine.evaluate import RunQuery, evaluate, evaluate_together
from fintech_factory.kpi_engine.examples import check_examples, run_examples
from fintech_factory.kpi_engine.explain import Explanation, explain
from fintech_factory.kpi_engine.observed import Observed, ObservedAt, read_observed
from fintech_factory.kpi_engine.readings import Check, Reading, Status, shown
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.kpi_engine.second_engine import Landed, recompute
from fintech_factory.kpi_engine.series import history_json, of_kpi

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import KpiFile

__all__ = [
    "Check",
    "CompiledQuery",
    "Definitions",
    "Explanation",
    "Kpi",
    "KpiFile",
    "Landed",
    "Observed",
    "ObservedAt",
    "Reading",
    "RunQuery",
    "Scope",
    "Status",
    "check_definitions",
    "check_examples",
    "compare",
    "compile_model",
    "evaluate",
    "evaluate_together",
    "explain",
    "history_json",
    "is_measured",
    "load_definitions",
    "of_kpi",
    "read_definitions",
    "read_observed",
    "recompute",
    "run_examples",
    "shown",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module holds
    # Only `factory check` and the loader need the file's pydantic model; readings do not.
    if name == "KpiFile":
        from fintech_factory.kpi_engine.settings import KpiFile

        return KpiFile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
