"""Tells which readings were made by a definition that has changed since."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from fintech_factory.kpi_engine.definitions import Definitions, Formula, Kpi
from fintech_factory.kpi_engine.meaning import FieldChange, Meaning, differences, judgement_only
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.versions import LoggedVersion

__all__ = ["Known", "by_version", "changes_since", "figure_moved", "outdated"]

Known: TypeAlias = Mapping[tuple[str, int], Meaning]
"""What each version of each KPI meant, of those that a run has used."""


def by_version(versions: Iterable[LoggedVersion]) -> Known:
    """Give the meanings of logged versions by KPI and version."""
    return {(each.kpi, each.version): each.meaning for each in versions}


def changes_since(kpi: Kpi, version: int, known: Known) -> tuple[FieldChange, ...]:
    """Give what the file says otherwise than a version did.

    Of a version that no log holds only its number is known: the same number is the same meaning.
    """
    meaning = known.get((kpi.id, version))
    if meaning is not None:
        return differences(meaning, kpi.meaning)
    if version == kpi.version:
        return ()
    return (FieldChange("version", str(version), str(kpi.version)),)


def figure_moved(
    definitions: Definitions, kpi: str, versions: Mapping[str, int], known: Known
) -> bool:
    """Say whether a KPI's figure, or one that it is made of, is defined otherwise by now.

    `versions` holds the version by which each KPI was read.
    """
    definition = definitions.kpis[kpi]
    changes = changes_since(definition, versions.get(kpi, definition.version), known)
    if not judgement_only(changes):
        return True
    measure = definition.measure
    inputs = measure.inputs if isinstance(measure, Formula) else ()
    return any(figure_moved(definitions, each, versions, known) for each in inputs)


def outdated(
    definitions: Definitions, readings: Iterable[Reading], known: Known
) -> Mapping[str, bool]:
    """Name the KPIs whose published readings were made by another meaning than the file's.

    Each comes with whether that meaning had limits, so that "no limit passed" can be told from
    "no limit". `readings` speak of one date. Where an input was not read along, its newest logged
    version stands for it.
    """
    published = [each for each in readings if each.run_id is not None]
    versions = dict(iter(known))
    versions |= {each.kpi: each.definition_version for each in published}
    return {
        each.kpi: _had_limits(definitions.kpis[each.kpi], each.definition_version, known)
        for each in published
        if each.kpi in definitions.kpis
        and (
            changes_since(definitions.kpis[each.kpi], each.definition_version, known)
            or figure_moved(definitions, each.kpi, versions, known)
        )
    }


def _had_limits(kpi: Kpi, version: int, known: Known) -> bool:
    meaning = known.get((kpi.id, version), kpi.meaning)
    return any(key.startswith("limits.") for key in meaning)
