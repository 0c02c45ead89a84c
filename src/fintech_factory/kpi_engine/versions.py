"""Holds KPI definitions against the versions that runs have used (R040)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.definitions import Definitions, Kpi
from fintech_factory.kpi_engine.meaning import Meaning, differences
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile
    from fintech_factory.kpi_engine.settings import KpiFile

__all__ = ["LoggedVersion", "check_versions"]


@dataclass(frozen=True, slots=True)
class LoggedVersion:
    """One version of a KPI as the first run that used it found it."""

    kpi: str
    version: int
    meaning: Meaning
    effective_from: date
    author: str
    reason: str
    first_run: str
    logged_at: datetime


def check_versions(
    loaded: "LoadedFile[KpiFile]", definitions: Definitions, latest: Mapping[str, LoggedVersion]
) -> Sequence[Problem]:
    """Give every definition that says something else than its version did before.

    `latest` holds the newest version of each KPI that a run has used; a KPI that no run has
    used yet is new and may say what it likes.
    """
    notes = Notes(loaded)
    for name, kpi in definitions.kpis.items():
        if name in latest:
            for keys, message, hint in _complaints(kpi, latest[name]):
                notes.below("kpis", name, *keys).note(message, hint)
    return sorted(notes.problems, key=lambda each: (each.line, each.column))


_Complaint = tuple[Sequence[str], str, str]


def _complaints(kpi: Kpi, last: LoggedVersion) -> Iterator[_Complaint]:
    if kpi.version < last.version:
        yield (
            ["version"],
            f"version {kpi.version} is lower than {last.version}, which {last.first_run} used",
            f"a version is never taken back: raise it to {last.version + 1}",
        )
    elif kpi.version == last.version:
        yield from _same_version(kpi, last)
    else:
        yield from _next_version(kpi, last)


def _same_version(kpi: Kpi, last: LoggedVersion) -> Iterator[_Complaint]:
    if changes := differences(last.meaning, kpi.meaning):
        said = ", ".join(str(change) for change in changes)
        raised = kpi.version + 1
        yield (
            changes[0].field.split("."),
            f"the meaning changed ({said}) and version is still {kpi.version}",
            (
                f"raise `version` to {raised}, with its effective_from, author and reason;"
                f" `factory kpi diff {kpi.id}` shows what it would do"
            ),
        )
    elif kpi.effective_from != last.effective_from:
        yield (
            ["effective_from"],
            (
                f"version {kpi.version} is used from {last.effective_from},"
                f" not from {kpi.effective_from}"
            ),
            f"restore {last.effective_from}, or raise `version` to {kpi.version + 1}",
        )


def _next_version(kpi: Kpi, last: LoggedVersion) -> Iterator[_Complaint]:
    if kpi.effective_from < last.effective_from:
        yield (
            ["effective_from"],
            (
                f"version {kpi.version} would begin on {kpi.effective_from},"
                f" before version {last.version} did ({last.effective_from})"
            ),
            f"give a day from {last.effective_from} on",
        )
    for name in ("author", "reason"):
        if not str(getattr(kpi, name)).strip():
            yield [name], f"version {kpi.version} does not say its {name}", _ANSWERS[name]


_ANSWERS = {
    "author": "name who answers for this version, or leave it out: then its owner does",
    "reason": "say in one sentence why this version says what it says",
}
