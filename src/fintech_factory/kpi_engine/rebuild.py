"""Makes definitions again from the versions that runs have used."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import DefinitionError
from fintech_factory.kpi_engine.checking import read_definitions
from fintech_factory.kpi_engine.definitions import Definitions
from fintech_factory.kpi_engine.meaning import settings_of
from fintech_factory.kpi_engine.versions import LoggedVersion
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import KpiSettings

__all__ = ["rebuild"]

# What a version's meaning does not hold, and nothing computed from it needs.
_UNSAID = {
    "department": "risk",
    "source": "the definition log",
    "precision": 8,
}
_SEE = "not kept in the log"


def rebuild(versions: Iterable[LoggedVersion], path: Path) -> Definitions:
    """Read logged versions by the same rules as the file, without their worked examples.

    `path` is the log's. Formulas among them need their inputs' versions beside them.

    Raises:
        DefinitionError: this release cannot read one of them any more.
    """
    from fintech_factory.config import LoadedFile
    from fintech_factory.config.tree import MappingNode, Mark
    from fintech_factory.kpi_engine.settings import KpiFile

    kpis = {each.kpi: _settings(each, path) for each in versions}
    file = KpiFile.model_construct(kpis=kpis)
    loaded = LoadedFile(file, path, str(path), MappingNode(Mark(1, 1), {}))
    return read_definitions(loaded, with_examples=False)


def _settings(version: LoggedVersion, path: Path) -> "KpiSettings":
    from pydantic import ValidationError

    from fintech_factory.kpi_engine.settings import KpiSettings

    try:
        return KpiSettings.model_validate(_written(version))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        said = f"{version.kpi} {version.version}: {json.dumps(first['loc'])}: {first['msg']}"
        raise DefinitionError([Problem(str(path), 1, 1, said)]) from wrong


def _written(version: LoggedVersion) -> Mapping[str, Any]:
    meaning = settings_of(version.meaning)
    if "limits" in meaning:
        meaning["limits"]["confirm_small"] = True
    if "observed" in meaning:
        meaning["see"] = _SEE
    return {
        **_UNSAID,
        **meaning,
        "title": {"en": version.kpi, "es": version.kpi},
        "owner": version.author,
        "author": version.author,
        "version": version.version,
        "effective_from": version.effective_from,
        "reason": version.reason,
    }
