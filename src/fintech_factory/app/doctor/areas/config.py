"""Looks at the settings, the KPIs' definitions and the SQL that figures are made by."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, critical, ok, warning
from fintech_factory.errors import ModelError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.values import Problem

__all__ = ["CHECKS", "judge_files"]

_MOST = 20
_DEFAULTS = "`factory init DIR` makes a workspace with the default one; copy it from there"


def _files(ground: "Ground") -> Iterator[Diagnosis]:
    """Check every settings file."""
    from fintech_factory.app.settings_files import config_models
    from fintech_factory.config import check_workspace

    if not ground.workspace.config.is_dir():
        what = "the folder of the settings is missing"
        yield critical("settings_missing", what, where="config/", then=_DEFAULTS)
        return
    models = config_models(ground.workspace, are_files_alone=True)
    yield from judge_files(check_workspace(ground.workspace, models), len(models))


def judge_files(problems: "Sequence[Problem]", files: int) -> Iterator[Diagnosis]:
    """Say what is wrong in settings files, problem by problem; `files` is how many there are."""
    for each in problems[:_MOST]:
        yield _problem(each)
    if len(problems) > _MOST:
        what = f"{len(problems) - _MOST} more problems in the settings"
        yield critical("settings_wrong", what, then="`factory check` lists them all")
    if not problems:
        yield ok("settings_right", f"{files} settings files are right")


def _problem(each: "Problem") -> Diagnosis:
    place = f"{each.path}:{each.line}:{each.column}"
    if each.message == "the settings file is missing":
        return critical("settings_missing", each.message, where=each.path, then=_DEFAULTS)
    hint = f"{each.hint}; " if each.hint else ""
    if each.message == "no settings file has this name":
        then = f"{hint}`factory check` looks again"
        return warning("settings_unknown", each.message, where=each.path, then=then)
    then = f"{hint}`factory check` looks again"
    return critical("settings_wrong", each.message, where=place, then=then)


def _definitions(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the KPIs' definitions against the versions that runs have used."""
    from fintech_factory.kpi_engine.versions import check_versions
    from fintech_factory.pipeline.definition_log import DefinitionLog

    factory = ground.factory
    # First what only needs the files: its own check says what is wrong with them.
    loaded, definitions = factory.kpi_file, factory.definitions
    if not ground.has_tables:
        yield ok("definitions_new", f"{len(definitions.kpis)} KPIs, used by no run yet")
        return
    used = DefinitionLog(ground.database).latest()
    problems = check_versions(loaded, definitions, used)
    for each in problems:
        yield critical(
            "definition_changed",
            each.message,
            where=f"{each.path}:{each.line}:{each.column}",
            then=f"{each.hint}; `factory kpi diff` shows what it would have done",
        )
    if not problems:
        yield ok("definitions_kept", f"{len(definitions.kpis)} KPIs mean what runs have used")


def _sql(ground: "Ground") -> Iterator[Diagnosis]:
    """Read the models."""
    from fintech_factory.transform.models import read_models

    then = "`factory init DIR` makes a workspace with the default ones; copy sql/ from there"
    if not any((ground.workspace.sql / "models").glob("*.sql")):
        yield critical("models_missing", "there are no models", where="sql/models", then=then)
        return
    try:
        models = read_models(ground.workspace.sql)
    except ModelError as wrong:
        hint = f"{wrong.hint}; `factory run` tries again"
        yield critical("models_wrong", wrong.what, where=wrong.where, then=hint)
    else:
        yield ok("models_right", f"{len(models)} models")


CHECKS = {"files": _files, "definitions": _definitions, "sql": _sql}
