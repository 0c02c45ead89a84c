"""The shape of `config/facilities/*.yaml`: one facility a file."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field

from fintech_factory.config import Settings

__all__ = [
    "ConcentrationSettings",
    "CovenantSettings",
    "DiscountSettings",
    "FacilitySettings",
    "FinancialCovenantSettings",
    "InterestSettings",
    "ObligationSettings",
    "PaymentSettings",
    "RuleSettings",
    "WordsSettings",
]

Words = Annotated[str, Field(min_length=1, max_length=200)]
TermId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]
Money = Annotated[Decimal, Field(ge=0, decimal_places=6)]
Ratio = Literal["nim", "cost_of_risk", "debt_to_equity", "dscr", "runway_months"]
Figure = Literal[
    "borrowing_base_surplus",
    "collateralisation",
    "eligible_share",
    "excess_concentration",
    "excess_share",
    "utilisation",
]


class _Dated(Protocol):
    @property
    def from_(self) -> date: ...


class _Named(Protocol):
    @property
    def id(self) -> str: ...


D = TypeVar("D", bound=_Dated)
N = TypeVar("N", bound=_Named)
T = TypeVar("T")


def _some(entries: tuple[T, ...]) -> tuple[T, ...]:
    # Pydantic's own min_length counts an entry that is wrong as none, and says so as well.
    if not entries:
        raise ValueError("at least one entry is needed\nhint: say from when it holds")
    return entries


def _in_order(entries: tuple[D, ...]) -> tuple[D, ...]:
    for before, after in pairwise(entries):
        if after.from_ <= before.from_:
            raise ValueError(
                f"{after.from_} does not come after {before.from_}\nhint: each entry holds from its"
                " day until the next; write them from the oldest to the newest"
            )
    return entries


def _named_once(entries: tuple[N, ...]) -> tuple[N, ...]:
    seen: set[str] = set()
    for each in entries:
        if each.id in seen:
            raise ValueError(f"the id `{each.id}` stands twice\nhint: give each its own id")
        seen.add(each.id)
    return entries


def _days_once(entries: "Sequence[CashSettings]") -> "Sequence[CashSettings]":
    days = [each.on for each in entries]
    twice = [day for day in days if days.count(day) > 1]
    if twice:
        raise ValueError(f"{twice[0]} has two balances\nhint: keep one of the two")
    return entries


class WordsSettings(Settings):
    """A text in both languages of the house."""

    en: Words = Field(description="In English.")
    es: Words = Field(description="In Spanish.")


class _FromDay(Settings):
    from_: date = Field(alias="from", description="First day on which this holds.")


class AmountSettings(_FromDay):
    """An amount from a day on."""

    amount: Money = Field(description="In the facility's currency.")


class PercentSettings(_FromDay):
    """A percentage from a day on."""

    percent: Percent = Field(description="80 means 80 %.")


class CashSettings(Settings):
    """What stood in the collection accounts at the end of a day."""

    on: date = Field(description="The day of the statement.")
    amount: Money = Field(description="In the facility's currency.")


class _WhileInForce(Settings):
    from_: date | None = Field(
        default=None, alias="from", description="First day on which it holds; else from the start."
    )
    until: date | None = Field(default=None, description="Last day on which it holds; else open.")

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return (self.from_ is None or self.from_ <= day) and (
            self.until is None or day <= self.until
        )


class RuleSettings(_WhileInForce):
    """A rule that makes loans ineligible."""

    id: TermId = Field(description="Its name in tables.")
    reason: WordsSettings = Field(description="Why such a loan does not count.")
    exclude_when: Words = Field(
        description="Which loans: a condition over the columns of monitor_loan, e.g. `dpd > 90`."
        " A loan of which the condition cannot be told, because a value is missing, is excluded."
    )


class StepSettings(Settings):
    """What part of a balance counts from a number of days past due on."""

    from_dpd: int = Field(ge=0, description="First day past due of the step.")
    percent: Percent = Field(description="The percentage of the balance that counts.")


def _steps_rise(steps: tuple[StepSettings, ...]) -> tuple[StepSettings, ...]:
    days = [each.from_dpd for each in steps]
    if days[0] != 0 or any(after <= before for before, after in pairwise(days)):
        raise ValueError(
            f"{days} does not rise step by step from 0\nhint: begin with from_dpd: 0 and go up"
        )
    return steps


class DiscountSettings(_FromDay):
    """The days-past-due discount schedule from a day on."""

    steps: Annotated[
        tuple[StepSettings, ...], AfterValidator(_some), AfterValidator(_steps_rise)
    ] = Field(description="From current to the latest, each up to the next.")


class ConcentrationSettings(_WhileInForce):
    """How much of the eligible balance one member may be; what lies above is deducted."""

    id: TermId = Field(description="Its name in tables.")
    per: Literal["borrower", "top", "product", "entity", "state"] = Field(
        description="Whose share is limited; `top` is the `largest` borrowers together."
    )
    largest: int | None = Field(
        default=None, ge=1, le=100, description="With `per: top`: how many borrowers together."
    )
    percent: Percent = Field(description="Of the eligible balance.")


class TriggerSettings(_FromDay):
    """The trigger levels from a day on; a value must lie past one, not on it."""

    warning: Decimal | None = Field(default=None, description="Comes before the breach.")
    breach: Decimal = Field(description="What the agreement calls a breach.")


class _Covenant(Settings):
    id: TermId = Field(description="Its name in tables.")
    title: WordsSettings = Field(description="Its name on the certificate.")
    direction: Literal["at_most", "at_least"] = Field(
        description="`at_most`: a breach lies above the trigger; `at_least`: below it."
    )
    triggers: Annotated[
        tuple[TriggerSettings, ...], AfterValidator(_some), AfterValidator(_in_order)
    ] = Field(description="Effective-dated trigger levels, the oldest first.")


class CovenantSettings(_Covenant):
    """A covenant on the portfolio: on a KPI or on a figure of the monitor."""

    kpi: Words | None = Field(default=None, description="The KPI that is held to the triggers.")
    figure: Figure | None = Field(
        default=None, description="Instead of a KPI: a figure of this facility's monitor."
    )
    on: Literal["book", "pool"] | None = Field(
        default=None,
        description="Of what the KPI speaks: of the whole `book`, which is the default and the"
        " figure that runs publish, or of this facility's `pool`, eligible or not. On a pool go"
        " KPIs that are a ratio of what loans owe, chosen by days past due, such as PAR. A figure"
        " of the monitor is always of the pool.",
    )


class FinancialCovenantSettings(_Covenant):
    """A covenant on the financial statements."""

    ratio: Ratio = Field(
        description="debt_to_equity and dscr in times, nim and cost_of_risk in percent a year,"
        " runway_months in months."
    )
    valid_days: int = Field(
        default=190,
        gt=0,
        le=800,
        description="How long after its period's end a statement may answer for the covenant.",
    )


class InterestSettings(_FromDay):
    """The interest on what is drawn, from a day on."""

    annual_percent: Percent = Field(description="12 means 12 % a year.")
    day_count: Literal["actual/360", "actual/365", "30/360"] = Field(
        description="How days become a part of a year."
    )


class PaymentSettings(Settings):
    """A payment to the lender: the interest since the payment before, and principal."""

    due_on: date = Field(description="The day it is due.")
    principal: Money = Field(default=Decimal(0), description="In the facility's currency.")
    paid_on: date | None = Field(default=None, description="The day it was paid; else open.")


class DoneSettings(Settings):
    """A report that was delivered."""

    period_end: date = Field(description="The last day of the period it speaks of.")
    on: date = Field(description="The day it was delivered.")


class ObligationSettings(_WhileInForce):
    """Something that must be delivered to the lender after each period."""

    id: TermId = Field(description="Its name in tables.")
    title: WordsSettings = Field(description="What is delivered.")
    every: Literal["month", "quarter", "year"] = Field(description="The period it speaks of.")
    due_after_days: int = Field(ge=0, le=366, description="Days after the period's end.")
    done: tuple[DoneSettings, ...] = Field(default=(), description="What was delivered, and when.")


def _payments_in_order(entries: tuple[PaymentSettings, ...]) -> tuple[PaymentSettings, ...]:
    for before, after in pairwise(entries):
        if after.due_on <= before.due_on:
            raise ValueError(
                f"{after.due_on} does not come after {before.due_on}\n"
                "hint: write the payments from the first to the last"
            )
    return entries


Amounts = Annotated[tuple[AmountSettings, ...], AfterValidator(_some), AfterValidator(_in_order)]


class FacilitySettings(Settings):
    """One facility: its parties, amounts, borrowing base, covenants, payments and duties."""

    enabled: bool = Field(description="Whether the facility is monitored.")
    name: Words = Field(description="What the agreement is called.")
    lender: Words = Field(description="Who lends.")
    borrower: Words = Field(description="Who borrows: the company that signs the certificate.")
    currency: CurrencyCode = Field(description="The currency of every amount in this file.")
    begins_on: date = Field(description="The first day on which the agreement is in force.")
    ends_on: date | None = Field(default=None, description="The last day; else open.")
    pool: Words | None = Field(
        default=None,
        description="Which loans are pledged: a condition like that of a rule; else all of them.",
    )
    commitment: Amounts = Field(description="The most that may be drawn.")
    drawn: Amounts = Field(description="What is drawn, from the day on.")
    cash: Annotated[tuple[CashSettings, ...], AfterValidator(_days_once)] = Field(
        default=(),
        description="Cash in the collection accounts. Without an amount for the day, the surplus is"
        " unavailable, never computed with 0.",
    )
    cash_valid_days: int = Field(
        default=0,
        ge=0,
        le=31,
        description="How many days a cash balance may be old; 0: it must be of the very day.",
    )
    advance_rate: Annotated[
        tuple[PercentSettings, ...], AfterValidator(_some), AfterValidator(_in_order)
    ] = Field(description="The percentage of the net eligible balance that is lent.")
    eligibility: Annotated[tuple[RuleSettings, ...], AfterValidator(_named_once)] = Field(
        default=(),
        max_length=60,
        description="Rules in order: a loan is counted once, under the first that excludes it."
        " A written-off loan is always excluded, before any rule.",
    )
    discounts: Annotated[tuple[DiscountSettings, ...], AfterValidator(_in_order)] = Field(
        default=(), description="What part of an eligible balance counts, by days past due."
    )
    concentration: Annotated[tuple[ConcentrationSettings, ...], AfterValidator(_named_once)] = (
        Field(
            default=(),
            description="Limits in the order in which they are applied: each sees what those before"
            " it have left, so that no balance is deducted twice.",
        )
    )
    covenants: Annotated[tuple[CovenantSettings, ...], AfterValidator(_named_once)] = Field(
        default=(), description="Covenants on the portfolio."
    )
    financial_covenants: Annotated[
        tuple[FinancialCovenantSettings, ...], AfterValidator(_named_once)
    ] = Field(default=(), description="Covenants on the financial statements.")
    interest: Annotated[tuple[InterestSettings, ...], AfterValidator(_in_order)] = Field(
        default=(), description="The interest on what is drawn."
    )
    payments: Annotated[tuple[PaymentSettings, ...], AfterValidator(_payments_in_order)] = Field(
        default=(), description="Every payment of the agreement, the first to the last."
    )
    obligations: Annotated[tuple[ObligationSettings, ...], AfterValidator(_named_once)] = Field(
        default=(), description="What must be reported to the lender, and by when."
    )
