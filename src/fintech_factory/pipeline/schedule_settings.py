"""The shape of config/pipelines/data_orchestration.yaml: what is done when (R039)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cronsim import CronSim, CronSimError
from pydantic import Field

from fintech_factory.config import Settings
from fintech_factory.pipeline.schedule import Schedule, Work

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile
    from fintech_factory.values import Problem

__all__ = ["Orchestration", "check_orchestration", "make_schedules"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[str, Field(min_length=1)]
_FIELDS = 5
# What the product can do by now; the rest of `Work` is defined, and refused while enabled.
_DOABLE = frozenset({Work.RUN})


class ScheduleTitle(Settings):
    """What a schedule is called, in both languages of the house."""

    en: Words = Field(description="The name in English.")
    es: Words = Field(description="The name in Spanish.")


class ScheduleSettings(Settings):
    """Work by the clock."""

    at: Words = Field(description="Minute, hour, day, month and week day as cron has them, UTC.")
    does: Work = Field(description="The work.")
    title: ScheduleTitle = Field(description="The schedule's name.")
    enabled: bool = Field(default=True, description="Whether it is done.")
    reason: str = Field(default="", description="Why it is not enabled.")


class Orchestration(Settings):
    """The day's work."""

    schedules: dict[Name, ScheduleSettings] = Field(description="What is due when, by name.")


def make_schedules(settings: Orchestration) -> tuple[Schedule, ...]:
    """Give the schedules of settings that were checked, in their order."""
    return tuple(
        Schedule(
            name=name,
            at=each.at,
            does=each.does,
            title={"en": each.title.en, "es": each.title.es},
            reason="" if each.enabled else each.reason,
        )
        for name, each in settings.schedules.items()
    )


def check_orchestration(loaded: "LoadedFile[Orchestration]") -> "Sequence[Problem]":
    """Give every fault that the shape alone does not show, with its place."""
    problems: list[Problem] = []
    for name, each in loaded.value.schedules.items():
        at = ("schedules", name)
        if why := _wrong(each.at):
            hint = 'five fields in UTC, such as "0 3 * * *": every day at 03:00'
            problems.append(loaded.problem((*at, "at"), f"`{each.at}`: {why}", hint))
        if each.enabled and each.does not in _DOABLE:
            what = f"`{each.does}` cannot be done by this version"
            hint = "`enabled: false`, and a `reason`"
            problems.append(loaded.problem((*at, "does"), what, hint))
        if each.enabled is bool(each.reason.strip()):
            what = "is enabled and has a reason why not" if each.enabled else "nobody says why not"
            problems.append(loaded.problem((*at, "reason"), what, "`reason` says why it is off"))
    return problems


def _wrong(cron: str) -> str:
    # A sixth field would be seconds, and `@daily` another notation: neither is meant here.
    if len(cron.split()) != _FIELDS:
        return f"{len(cron.split())} fields instead of {_FIELDS}"
    try:
        next(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error)
    except StopIteration:
        return "no day is ever like that"
    return ""
