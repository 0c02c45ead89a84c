"""The shape of `config/roles_and_outputs.yaml`."""

from datetime import time
from typing import Annotated, Literal

from pydantic import Field

from fintech_factory.alerting.settings import Channel, KindName, LanguageName, Name, Words
from fintech_factory.config import Settings

__all__ = [
    "DailySettings",
    "DepartmentSettings",
    "FallbackSettings",
    "OutputSettings",
    "RecipientSettings",
    "RolesSettings",
]

DepartmentName = Literal[
    "risk", "compliance", "finance", "technology", "growth", "marketing", "sales"
]
# It goes into the key and the thread of each message, and is an address of the inbox.
RecipientName = Annotated[
    str,
    Field(
        pattern=r"^[\p{L}\p{N}][\p{L}\p{N} .&+-]{0,59}$",
        description="Letters, digits, blanks and .&+- ; 60 at most.",
    ),
]
Address = Annotated[str, Field(max_length=320)]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


class DailySettings(Settings):
    """The promise: everybody has today's message by then, or one that says why it has none."""

    due: time = Field(default=time(6, 30), description="By when, UTC.")
    fallback_minutes: Minutes = Field(
        default=10,
        description="So long before, whoever has no receipt is told by the fallback channel, and"
        " figures that are not there are waited for no longer.",
    )
    last_minutes: Minutes = Field(
        default=5,
        description="So long before, whoever still has none finds it in the in-app inbox.",
    )


class FallbackSettings(Settings):
    """The channel that is used when the first one brings no receipt."""

    channel: Channel = Field(description="The channel; not one that the recipients have already.")
    address: Address = Field(
        default="",
        description="One address for the whole department; else each person's own in this channel,"
        " and in the inbox each recipient's.",
    )


class TitleSettings(Settings):
    """What a department is called, in both languages."""

    en: Words = Field(description="The name in English.")
    es: Words = Field(description="The name in Spanish.")


class RecipientSettings(Settings):
    """Who is told: a person, whoever is on call, a receiver of alerts.yaml, or somebody else."""

    person: Name | None = Field(default=None, description="Somebody of alerts.yaml's people.")
    rota: Name | None = Field(default=None, description="Whoever is on call by this rota.")
    receiver: Name | None = Field(
        default=None, description="A receiver of alerts.yaml that has exactly one address."
    )
    name: RecipientName | None = Field(default=None, description="What somebody else is called.")
    language: LanguageName | None = Field(
        default=None, description="What somebody else is told things in; en if left out."
    )
    channel: Channel | None = Field(
        default=None, description="By which channel; a receiver has its own."
    )
    address: Address | None = Field(
        default=None, description="Where somebody else is reached; else the channel's own."
    )


class OutputSettings(Settings):
    """What the department's message shows."""

    kpis: tuple[Name, ...] = Field(description="KPIs, in this order.")
    alerts: tuple[KindName, ...] = Field(
        default=(), description="Open alerts of these kinds too, beside those on these KPIs."
    )
    findings: bool = Field(
        default=True, description="Whether the department's open findings are listed."
    )
    compliance: bool = Field(
        default=False,
        description="Whether open breaches and each covenant's headroom are shown.",
    )
    views: tuple[Words, ...] = Field(default=(), description="Views that the message points to.")


class DepartmentSettings(Settings):
    """One department."""

    title: TitleSettings = Field(description="What it is called.")
    recipients: tuple[RecipientSettings, ...] = Field(description="Who is told.")
    fallback: FallbackSettings = Field(
        description="The channel for whoever has no receipt shortly before the deadline."
    )
    outputs: OutputSettings = Field(description="What its message shows.")


class RolesSettings(Settings):
    """The seven departments: who is told every day, and of what."""

    daily: DailySettings = Field(default=DailySettings(), description="The promise.")
    departments: dict[DepartmentName, DepartmentSettings] = Field(
        description="All seven: risk, compliance, finance, technology, growth, marketing, sales."
    )
