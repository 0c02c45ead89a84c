"""Covenants at a date: the figure, its headroom, since when it is breached, days to breach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from fintech_factory.analytics.breach import (
    Course,
    Outlook,
    Trigger,
    by_path,
    by_trend,
)
from fintech_factory.analytics.ratio import percent_of_level
from fintech_factory.analytics.statement_ratios import (
    NEEDS_STATEMENTS,
    RATIOS,
    ratio_at,
    ratio_of,
)
from fintech_factory.kpi_engine.arithmetic import quotient as ratio
from fintech_factory.views.facilities.facts import BookFacts, Figure
from fintech_factory.views.facilities.path import kpi_path
from fintech_factory.views.facilities.standing import FIGURES
from fintech_factory.views.facilities.terms import Facility, in_force
from fintech_factory.views.table import ViewDate

if TYPE_CHECKING:
    from fintech_factory.views.facilities.monitor import Monitor
    from fintech_factory.views.facilities.settings import (
        CovenantSettings,
        FinancialCovenantSettings,
    )

__all__ = [
    "BOOK",
    "BREACH",
    "LOOK_BACK_MONTHS",
    "OK",
    "POOL",
    "STATEMENTS",
    "UNAVAILABLE",
    "WARNING",
    "Covenant",
    "covenants_at",
]

BOOK, POOL, STATEMENTS = "whole book", "pool", "statements"
"""What a covenant's figure speaks of."""

OK, WARNING, BREACH, UNAVAILABLE = "ok", "warning", "breach", "unavailable"
LOOK_BACK_MONTHS = 3
"""How many full months, or statements, a trend and the roll rates are taken from."""


@dataclass(frozen=True, slots=True)
class Covenant:
    """One covenant at one date; money is in the reporting currency.

    `headroom` is how far the figure is from a breach, negative past it, `headroom_percent` the same
    in percent of the trigger. `breach_since` is the first of the snapshots without a break that
    breach it. `method` says how `outlook` was found; `basis` is what the figure speaks of.
    """

    facility: str
    id: str
    title_en: str
    title_es: str
    financial: bool
    figure: str
    unit: str
    direction: str
    found: Figure
    warning: Decimal | None
    breach: Decimal
    state: str
    breach_since: date | None
    outlook: Outlook
    method: str
    basis: str
    period_end: date | None = None

    @property
    def headroom(self) -> Decimal | None:
        """How far the figure is from a breach."""
        value = self.found.value
        return None if value is None else self.trigger.headroom(value)

    @property
    def headroom_percent(self) -> Decimal | None:
        """The headroom in percent of the trigger; None where the trigger is 0."""
        return percent_of_level(self.headroom, abs(self.breach))

    @property
    def trigger(self) -> Trigger:
        """What the figure is held to."""
        return Trigger(self.breach, self.direction == "at_most")


_Terms: TypeAlias = "CovenantSettings | FinancialCovenantSettings"


@dataclass(frozen=True, slots=True)
class _Course:
    """A covenant's figure at any date, and how its way ahead is told."""

    name: str
    unit: str
    at: Callable[[ViewDate], Figure]
    ahead: Callable[[Decimal, Trigger], Outlook]
    method: str
    basis: str = BOOK
    period_end: date | None = None


def covenants_at(monitor: "Monitor", facility: Facility, on: ViewDate) -> Iterator[Covenant]:
    """Give every covenant of a facility that has a trigger in force at a date, in order."""
    courses: list[tuple[_Terms, _Course]] = [
        *((each, _portfolio(monitor, facility, on, each)) for each in facility.terms.covenants),
        *((each, _financial(monitor, on, each)) for each in facility.terms.financial_covenants),
    ]
    for terms, course in courses:
        held = _Held(monitor, facility, terms, course)
        if held.levels(on) is not None:
            yield held.covenant(on)


@dataclass(frozen=True, slots=True)
class _Held:
    """A figure held to a covenant's triggers."""

    monitor: "Monitor"
    facility: Facility
    terms: _Terms
    course: _Course

    def levels(self, on: ViewDate) -> tuple[Decimal | None, Decimal] | None:
        """Give warning and breach at a date, money in the reporting currency."""
        trigger = in_force(self.terms.triggers, on.as_of)
        is_money = self.course.unit == "money"
        rate = self.monitor.rate(self.facility, on) if is_money else Decimal(1)
        if trigger is None or rate is None or not self.facility.in_force(on.cut_on):
            return None
        warning = None if trigger.warning is None else trigger.warning * rate
        return warning, trigger.breach * rate

    def state(self, on: ViewDate) -> str:
        """Say where the figure stands on the covenant's ladder; past a level, not on it."""
        value, levels = self.course.at(on).value, self.levels(on)
        if value is None or levels is None:
            return UNAVAILABLE
        warning, breach = levels
        if Trigger(breach, self.at_most).passed_by(value):
            return BREACH
        past = warning is not None and Trigger(warning, self.at_most).passed_by(value)
        return WARNING if past else OK

    @property
    def at_most(self) -> bool:
        """Whether a breach lies above the trigger."""
        return self.terms.direction == "at_most"

    def since(self, on: ViewDate) -> date:
        """Go back through the snapshots while each is a breach by its own day's trigger."""
        since = on.as_of
        for before in reversed([each for each in self.monitor.facts.dates if each.as_of < since]):
            if self.state(before) != BREACH:
                break
            since = before.as_of
        return since

    def covenant(self, on: ViewDate) -> Covenant:
        """Give the covenant at a date on which it is in force."""
        levels = self.levels(on)
        if levels is None:
            raise ValueError(f"{self.terms.id} is not in force on {on.as_of}")
        warning, breach = levels
        found, state = self.course.at(on), self.state(on)
        return Covenant(
            facility=self.facility.id,
            id=self.terms.id,
            title_en=self.terms.title.en,
            title_es=self.terms.title.es,
            financial=self.course.name in RATIOS,
            figure=self.course.name,
            unit=self.course.unit,
            direction=self.terms.direction,
            found=found,
            warning=warning,
            breach=breach,
            state=state,
            breach_since=self.since(on) if state == BREACH else None,
            outlook=self._outlook(found, Trigger(breach, self.at_most)),
            method=self.course.method,
            basis=self.course.basis,
            period_end=self.course.period_end,
        )

    def _outlook(self, found: Figure, trigger: Trigger) -> Outlook:
        if found.value is None:
            return Outlook(Course.UNKNOWN, reason=found.reason)
        return self.course.ahead(found.value, trigger)


def _portfolio(
    monitor: "Monitor", facility: Facility, on: ViewDate, terms: "CovenantSettings"
) -> _Course:
    pledged = POOL if facility.pool is not None else BOOK
    if terms.kpi is None:
        name = str(terms.figure)
        unit, at = FIGURES[name][0], _of_facility(monitor, facility, name)
        return replace(_by_trend(monitor, on, name, unit, at), basis=pledged)
    kpi, of_pool = terms.kpi, terms.on == "pool"
    facts = monitor.facts.of_pool(facility.id) if of_pool else monitor.facts
    at = _of_pool(facts, kpi) if of_pool else _of_kpi(facts, kpi)
    course = _by_trend(monitor, on, kpi, monitor.unit(kpi), at)
    if kpi not in monitor.rolled:
        return course
    path = monitor.path(on, facility.id if of_pool else "")

    def ahead(value: Decimal, trigger: Trigger) -> Outlook:
        values, stopped = kpi_path(kpi, value, facts, on.as_of, path)
        return by_path(values, on.cut_on, trigger, stopped)

    basis = pledged if of_pool else BOOK
    return _Course(kpi, course.unit, course.at, ahead, "roll rates", basis)


def _of_pool(facts: BookFacts, kpi: str) -> Callable[[ViewDate], Figure]:
    """Read a KPI that is a ratio of what loans owe from the sums of a pool's ageing states."""

    def at(on: ViewDate) -> Figure:
        states = facts.states.get(on.as_of)
        if states is None:
            return Figure(None, "the KPI was not computed of the pool")
        sums = [each.parts[kpi] for each in states.values()]
        part = sum((each for each, _ in sums), Decimal(0))
        whole = sum((each for _, each in sums), Decimal(0))
        if not whole:
            return Figure(None, "nothing that it is a share of stands in the pool", part, whole)
        return Figure(ratio(part, whole, in_percent=True), "", part, whole)

    return at


def _of_kpi(facts: BookFacts, kpi: str) -> Callable[[ViewDate], Figure]:
    unknown = Figure(None, "the KPI was not computed")
    return lambda on: facts.kpis.get(kpi, {}).get(on.as_of, unknown)


def _of_facility(monitor: "Monitor", facility: Facility, name: str) -> Callable[[ViewDate], Figure]:
    def at(on: ViewDate) -> Figure:
        if not facility.in_force(on.cut_on):
            return Figure(None, f"{facility.id} is not in force on {on.cut_on}")
        standing = monitor.standing(facility, on)
        return Figure(None, standing) if isinstance(standing, str) else FIGURES[name][1](standing)

    return at


def _by_trend(
    monitor: "Monitor", on: ViewDate, name: str, unit: str, at: Callable[[ViewDate], Figure]
) -> _Course:
    def ahead(value: Decimal, trigger: Trigger) -> Outlook:
        months = monitor.facts.full_month_ends(on.as_of)[-LOOK_BACK_MONTHS:]
        values = [(month.as_of, at(month).value) for month in months]
        known = [(day, figure) for day, figure in values if figure is not None]
        return by_trend(known, (on.cut_on, value), trigger)

    return _Course(name, unit, at, ahead, "trend of 3 full months")


def _financial(monitor: "Monitor", on: ViewDate, terms: "FinancialCovenantSettings") -> _Course:
    name, statements = terms.ratio, monitor.facts.statements

    def at(day: ViewDate) -> Figure:
        ratio = ratio_at(name, statements, day.cut_on)
        end = ratio.period_end
        if end is not None and end + timedelta(days=terms.valid_days) < day.cut_on:
            return Figure(None, f"{NEEDS_STATEMENTS}: the last ends on {end}")
        return Figure(ratio.value, ratio.reason, ratio.part, ratio.whole)

    def ahead(value: Decimal, trigger: Trigger) -> Outlook:
        ended = [each for each in statements if each.period_end <= on.cut_on][-LOOK_BACK_MONTHS:]
        values = [(each.period_end, ratio_of(name, statements, each).value) for each in ended]
        known = [(day, figure) for day, figure in values if figure is not None]
        return by_trend(known, (on.cut_on, value), trigger)

    end = ratio_at(name, statements, on.cut_on).period_end
    return _Course(
        name, RATIOS[name][0], at, ahead, "trend of 3 statements", STATEMENTS, period_end=end
    )
