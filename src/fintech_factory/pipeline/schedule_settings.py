"""The shape of config/pipelines/data_orchestration.yaml: what is done when (R039)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from cronsim import CronSim, CronSimError
from pydantic import Field

from fintech_factory.config import Settings
from fintech_factory.pipeline.readiness import Patience
from fintech_factory.pipeline.schedule import Schedule, Work
from fintech_factory.pipeline.slot import Policy

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile
    from fintech_factory.values import Problem

__all__ = [
    "Orchestration",
    "check_orchestration",
    "make_patience",
    "make_policy",
    "make_schedules",
]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[str, Field(min_length=1)]
_FIELDS = 5
# What the product can do by now; the rest of `Work` is defined, and refused while enabled.
_DOABLE = frozenset({Work.RUN, Work.SNAPSHOT, Work.DEADLINE})


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


class RetrySettings(Settings):
    """How often and when work that failed is tried again."""

    attempts: Annotated[int, Field(ge=1, le=3)] = Field(
        default=3, description="How many tries in all, the first one too; 3 at most."
    )
    base_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=60,
        description="The second try comes within this time, the third within twice as much.",
    )
    longest_seconds: Annotated[int, Field(ge=1, le=7200)] = Field(
        default=900, description="No wait is longer."
    )
    lease_seconds: Annotated[int, Field(ge=3, le=600)] = Field(
        default=30,
        description="A process that is silent for so long is taken for dead, and another goes on.",
    )


class ArrivalSettings(Settings):
    """When an export in inbox/ is taken for complete."""

    settle_seconds: Annotated[Decimal, Field(ge=0, le=600)] = Field(
        default=Decimal(2), description="Nobody has written to any of its files for so long."
    )
    incomplete_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=15,
        description=(
            "One that lacks a required table, or the end of a file, is waited for so long; then it"
            " is landed as it is, and refused with its reason."
        ),
    )


class Orchestration(Settings):
    """The day's work."""

    retries: RetrySettings = Field(
        default=RetrySettings(), description="What happens to work that failed."
    )
    arrivals: ArrivalSettings = Field(
        default=ArrivalSettings(), description="An export that arrives is run at once."
    )

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


def make_policy(settings: RetrySettings) -> Policy:
    """Give how often and when work is tried again."""
    return Policy(
        attempts=settings.attempts,
        base=timedelta(seconds=settings.base_seconds),
        longest=timedelta(seconds=settings.longest_seconds),
        lease=timedelta(seconds=settings.lease_seconds),
    )


def make_patience(settings: ArrivalSettings) -> Patience:
    """Give how long an export has to lie."""
    return Patience(
        settle=timedelta(seconds=float(settings.settle_seconds)),
        incomplete=timedelta(minutes=settings.incomplete_minutes),
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
