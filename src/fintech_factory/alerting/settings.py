"""The shape of `config/alerts.yaml`."""

import re
from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fintech_factory.config import Settings

__all__ = [
    "AlertSettings",
    "InhibitionSettings",
    "MatchSettings",
    "PersonSettings",
    "ReceiverSettings",
    "RotaSettings",
    "RouteSettings",
    "RuleSettings",
    "SilenceSettings",
    "StepSettings",
    "WindowSettings",
]

Words = Annotated[str, Field(min_length=1, max_length=300)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(\.unavailable)?$")]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", examples=["slack"])]
Level = Literal["warning", "critical", "executive"]
Watched = Literal[
    "kpi", "finding", "freshness", "covenant", "pipeline", "delivery", "latency", "promise"
]
KindName = Literal[
    "kpi",
    "unavailable",
    "finding",
    "freshness",
    "covenant",
    "pipeline",
    "delivery",
    "latency",
    "promise",
]
Label = Literal["rule", "kind", "dimension", "member"]
LanguageName = Literal["en", "es"]
Hours = Annotated[int, Field(ge=1, le=24 * 90)]
ResponseName = Literal["annotate", "retry", "reingest", "open_case", "mute_duplicate"]
MoveName = Literal["fired", "raised", "reopened", "stale", "repeated", "escalated"]
_DAY_SECONDS = 24 * 60 * 60
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_WEEK_MOMENT = re.compile(rf"({_DAYS}) ([01][0-9]|2[0-3]):[0-5][0-9]")
_RUNBOOK = re.compile(r"[a-z][a-z0-9_]{0,62}|https?://\S+")
_OCCURS = re.compile(rf"((first|second|third|fourth|last) )?({_DAYS})")


def _week_moment(text: str) -> str:
    if not _WEEK_MOMENT.fullmatch(text):
        raise ValueError(f"`{text}` is no moment of a week\nhint: write it like monday 08:00")
    return text


def _occurs(text: str) -> str:
    if not _OCCURS.fullmatch(text):
        raise ValueError(
            f"`{text}` is no day\nhint: write it like sunday, first tuesday or last friday"
        )
    return text


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("the time zone is missing\nhint: write it like 2026-01-31T18:00:00+00:00")
    return at


def _runbook(text: str) -> str:
    if text and not _RUNBOOK.fullmatch(text):
        raise ValueError(
            f"`{text}` is no runbook\nhint: name a file of config/runbooks/ without its ending, or"
            " write an address that begins with https://"
        )
    return text


RunbookName = Annotated[str, AfterValidator(_runbook), Field(max_length=300)]
WeekMoment = Annotated[str, AfterValidator(_week_moment), Field(examples=["monday 08:00"])]
Occurs = Annotated[str, AfterValidator(_occurs), Field(examples=["first tuesday"])]
Moment = Annotated[datetime, AfterValidator(_aware)]


class MatchSettings(Settings):
    """Which alerts are meant: all conditions must hold, and one that is left out always does."""

    rules: tuple[RuleName, ...] = Field(default=(), description="Any of these rules.")
    kinds: tuple[KindName, ...] = Field(default=(), description="Any of these kinds of rule.")
    levels: tuple[Level, ...] = Field(default=(), description="Any of these levels.")
    dimension: str = Field(default="", description="Alerts on parts of the book by this dimension.")
    members: tuple[str, ...] = Field(default=(), description="Any of these parts.")
    compliance: bool | None = Field(
        default=None, description="Only compliance breaches, or only what is none."
    )


class RuleSettings(Settings):
    """One rule. A KPI with limits has a rule by its own id without being written here."""

    id: Name = Field(description="Its name; a KPI's own id changes the KPI's default rule.")
    watch: Watched = Field(description="What it watches.")
    kpi: Name | None = Field(default=None, description="For `kpi`: which; its id if left out.")
    enabled: bool = Field(default=True, description="false: it judges nothing.")
    levels: tuple[Level, ...] = Field(
        default=(), description="Only these levels; all that there are if left out."
    )
    level: Level | None = Field(
        default=None, description="For what has no limits: always this level, however grave it is."
    )
    for_: int = Field(
        default=1,
        alias="for",
        ge=1,
        le=60,
        description="So many snapshots in a row lie past a limit before it fires.",
    )
    resolve_for: int = Field(
        default=1, ge=1, le=60, description="So many snapshots in a row are well before it ends."
    )
    dimension: str = Field(
        default="", description="For `kpi`: judge each part of the book by this dimension."
    )
    members: tuple[Words, ...] = Field(default=(), description="Only these parts.")
    codes: tuple[Words, ...] = Field(
        default=(),
        description="Only these kinds of finding, facilities, steps or channels; all if left out.",
    )
    within_seconds: int | None = Field(
        default=None,
        ge=1,
        le=_DAY_SECONDS,
        description="For `latency`: from an export's arrival to the first receipt of its alerts by"
        " a channel outside; a receipt at this second is late. 300 if left out.",
    )
    compliance: bool = Field(
        default=False, description="What is critical by this rule is a compliance breach."
    )
    runbook: RunbookName = Field(
        default="",
        description="What to do: a file of config/runbooks/ without its ending, or an address"
        " (https://...). If left out, the KPI's id, else the rule's own.",
    )


class PersonSettings(Settings):
    """Somebody who is told."""

    name: Words = Field(description="As people know them.")
    language: LanguageName = Field(default="en", description="What they are told things in.")
    addresses: dict[Channel, Annotated[str, Field(max_length=320)]] = Field(
        default={}, description="Where they are reached, by channel."
    )


class AddressSettings(Settings):
    """A place in a channel."""

    channel: Channel = Field(description="The channel.")
    address: str = Field(
        default="",
        max_length=320,
        description="#name or id (slack), mail address, phone number; else the channel's own.",
    )


class ReceiverSettings(Settings):
    """A name for those who are told together."""

    language: LanguageName = Field(default="en", description="What its addresses are told in.")
    to: tuple[AddressSettings, ...] = Field(default=(), description="Addresses.")
    people: tuple[Name, ...] = Field(default=(), description="People.")
    rota: Name | None = Field(default=None, description="Whoever is on call.")
    via: tuple[Channel, ...] = Field(
        default=(), description="The channels by which people, and who is on call, are told."
    )


class RouteSettings(Settings):
    """Whom to tell of what."""

    name: Name = Field(description="Its name.")
    match: MatchSettings = Field(description="Which alerts take it.")
    receivers: tuple[Name, ...] = Field(description="Who is told.")
    continue_: bool = Field(
        default=False, alias="continue", description="Go on to the routes after it."
    )
    group_by: tuple[Label, ...] | None = Field(
        default=None, description="Alerts alike in these are told in one message."
    )


class StepSettings(Settings):
    """An escalation level."""

    level: Literal[2, 3] = Field(description="2: on call. 3: executive. Level 1 is the route.")
    after_minutes: int = Field(
        ge=0, le=7 * 24 * 60, description="So long without an acknowledgement."
    )
    receivers: tuple[Name, ...] = Field(description="Who is told then.")


class EscalationSettings(Settings):
    """Who is told next when nobody answers, by level; without steps nobody is."""

    warning: tuple[StepSettings, ...] = Field(default=(), description="Of a warning.")
    critical: tuple[StepSettings, ...] = Field(default=(), description="Of what is critical.")
    executive: tuple[StepSettings, ...] = Field(default=(), description="Past the executive limit.")
    compliance: tuple[StepSettings, ...] = Field(default=(), description="Of a compliance breach.")
    pipeline: tuple[StepSettings, ...] = Field(
        default=(), description="Of a run that came to nothing; left out, as of its level."
    )


class HoldSettings(Settings):
    """How long something holds, in hours."""

    critical_hours: Hours = Field(default=4, description="For what is critical or graver.")
    hours: Hours = Field(default=24, description="For everything else.")


class SnoozeSettings(Settings):
    """How long a snooze may last, in hours."""

    critical_hours: Hours = Field(default=4, description="For what is critical or graver.")
    hours: Hours = Field(default=168, description="For everything else.")


class RepeatSettings(Settings):
    """How often what nobody answers is told again, in hours; null: once is enough."""

    warning_hours: Hours | None = Field(default=24, description="A warning.")
    critical_hours: Hours | None = Field(default=4, description="What is critical.")
    executive_hours: Hours | None = Field(default=4, description="Past the executive limit.")


class ShiftSettings(Settings):
    """A span of every week (UTC) and who takes turns in it, week by week."""

    from_: WeekMoment = Field(alias="from", description="When it begins: the handover.")
    to: WeekMoment = Field(description="When it ends; the same moment is a whole week.")
    people: tuple[Name, ...] = Field(description="In the order of their weeks.")


class RotaSettings(Settings):
    """Who is on call when; the shifts cover the week without a gap."""

    begins_on: date = Field(
        description="The first of each shift's people has the week of this day."
    )
    shifts: tuple[ShiftSettings, ...] = Field(description="The spans of a week.")


class SilenceSettings(Settings):
    """Alerts that nobody wants to hear of for a while; a compliance breach is told all the same."""

    match: MatchSettings = Field(description="Which alerts.")
    owner: Words = Field(description="Whose wish it is.")
    reason: Words = Field(description="Why.")
    starts: Moment = Field(description="From when.")
    ends: Moment = Field(description="Until when.")


class WindowSettings(Settings):
    """Hours (UTC) in which what is less than critical waits."""

    name: Words = Field(description="Its name.")
    every: Occurs = Field(description="The day: sunday, first tuesday, last friday.")
    from_: time = Field(alias="from", description="When it opens.")
    to: time = Field(description="When it closes, on the same day.")


class MaintenanceSettings(Settings):
    """Maintenance windows; one that comes up is announced with `factory alerts`, ahead of time."""

    notice_hours: Annotated[int, Field(ge=0, le=24 * 14)] = Field(
        default=24, description="How long ahead, unless somebody says why it cannot be."
    )
    windows: tuple[WindowSettings, ...] = Field(default=(), description="Those that come again.")


class InhibitionSettings(Settings):
    """While one alert fires, others that it explains are not told."""

    name: Name = Field(description="Its name.")
    while_: MatchSettings = Field(alias="while", description="The alert that explains.")
    withhold: MatchSettings = Field(description="Those that are explained.")
    equal: bool = Field(default=False, description="Only those of the same part of the book.")


class AutomaticSettings(Settings):
    """Something that is done by itself."""

    on: tuple[MoveName, ...] = Field(description="When any of this happens")
    match: MatchSettings = Field(default=MatchSettings(), description="to one of these alerts,")
    do: tuple[ResponseName, ...] = Field(description="do this.")


class ResponseSettings(Settings):
    """What may be done about an alert without anybody."""

    allowed: tuple[ResponseName, ...] = Field(default=(), description="Nothing else ever is.")
    retry_at_most: Annotated[int, Field(ge=1, le=2)] = Field(
        default=2, description="How often a failed run is run again: 3 tries in all at most."
    )
    automatic: tuple[AutomaticSettings, ...] = Field(default=(), description="What is, and when.")


class AnchorSettings(Settings):
    """The audit trail's head, sent once a UTC day to where nobody here can change it."""

    receivers: tuple[Name, ...] = Field(
        default=(), description="Who receives it; with nobody it is not sent."
    )


class AuditSettings(Settings):
    """What is told of the audit trail."""

    anchor: AnchorSettings = Field(
        default=AnchorSettings(), description="The head of the trail, once a UTC day."
    )


class AlertSettings(Settings):
    """Who is told of what, and when. Limits stand in kpis/kpi_definitions.yaml and only there."""

    channels_off: tuple[Channel, ...] = Field(
        default=(),
        description="Channels that are known to be off. What goes there is withheld, and the in-app"
        " inbox has it. A critical route to any other channel that is off is refused.",
    )
    rules: tuple[RuleSettings, ...] = Field(
        default=(), description="Rules beside the KPIs' own, and changes to those."
    )
    default_receiver: Name = Field(description="Who is told of what no route means.")
    routes: tuple[RouteSettings, ...] = Field(
        default=(), description="In order: the first that means an alert decides."
    )
    group_by: tuple[Label, ...] = Field(
        default=("rule",), description="Alerts alike in these are told in one message."
    )
    receivers: dict[Name, ReceiverSettings] = Field(description="Who can be told.")
    people: dict[Name, PersonSettings] = Field(default={}, description="Who they are.")
    rotas: dict[Name, RotaSettings] = Field(default={}, description="Who is on call.")
    escalation: EscalationSettings = Field(
        default=EscalationSettings(), description="Who is told next."
    )
    acknowledgement: HoldSettings = Field(
        default=HoldSettings(), description="How long one holds. It is no silence."
    )
    snooze: SnoozeSettings = Field(default=SnoozeSettings(), description="How long one may last.")
    repeat: RepeatSettings = Field(default=RepeatSettings(), description="When to tell again.")
    silences: tuple[SilenceSettings, ...] = Field(
        default=(), description="Those that are planned; `factory alerts silence` makes others."
    )
    maintenance: MaintenanceSettings = Field(
        default=MaintenanceSettings(), description="When what is not critical waits."
    )
    inhibition: tuple[InhibitionSettings, ...] = Field(
        default=(), description="What is explained by something else."
    )
    daily_caps: dict[Channel, Annotated[int, Field(ge=1)]] = Field(
        default={},
        description="Messages a day to one address of a channel; nothing critical is counted out.",
    )
    responses: ResponseSettings = Field(
        default=ResponseSettings(), description="What is done without anybody."
    )
    audit: AuditSettings = Field(
        default=AuditSettings(), description="What is told of the audit trail."
    )
