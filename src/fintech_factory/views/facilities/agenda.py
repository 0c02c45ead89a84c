"""What a facility's calendar holds: payments with their interest, and reports that are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from fintech_factory.analytics.breach import months_after
from fintech_factory.analytics.interest import Span, interest_of
from fintech_factory.kpi_engine.scope import month_end
from fintech_factory.views.facilities.settings import ObligationSettings
from fintech_factory.views.facilities.terms import Facility, amount_at, in_force

__all__ = ["Duty", "Payment", "duties", "payments"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment to the lender, in the facility's currency; its interest runs from `from_on`."""

    from_on: date
    due_on: date
    interest: Decimal
    principal: Decimal
    paid_on: date | None
    state: str


@dataclass(frozen=True, slots=True)
class Duty:
    """A report that is due for a period."""

    id: str
    title_en: str
    title_es: str
    period_end: date
    due_on: date
    done_on: date | None
    state: str


def payments(facility: Facility, day: date) -> Iterator[Payment]:
    """Give every payment as it stands on a day; what happens later is not known yet.

    Interest is on what was drawn day by day; ahead of the day, on what is drawn now less the
    principal that falls due before.
    """
    terms = facility.terms
    starts = [terms.begins_on, *(each.due_on for each in terms.payments)]
    for (start, due_on), each in zip(pairwise(starts), terms.payments, strict=True):
        paid_on = each.paid_on if each.paid_on is not None and each.paid_on <= day else None
        yield Payment(
            from_on=start,
            due_on=due_on,
            interest=interest_of(_spans(facility, start, due_on, day)),
            principal=each.principal,
            paid_on=paid_on,
            state=_state(due_on, paid_on, day),
        )


def _state(due_on: date, done_on: date | None, day: date) -> str:
    if done_on is not None:
        return "done" if done_on <= due_on else "done late"
    if due_on < day:
        return "overdue"
    return "due today" if due_on == day else "to come"


def _spans(facility: Facility, start: date, end: date, day: date) -> Iterator[Span]:
    terms = facility.terms
    changes = {
        *(each.from_ for each in terms.drawn),
        *(each.from_ for each in terms.interest),
        *(each.due_on for each in terms.payments),
        day,
    }
    days = sorted({start, end, *(each for each in changes if start < each < end)})
    for begin, stop in pairwise(days):
        rate = in_force(terms.interest, begin)
        drawn = _drawn(facility, begin, day)
        if rate is not None and drawn:
            yield Span(begin, stop, drawn, rate.annual_percent, rate.day_count)


def _drawn(facility: Facility, begin: date, day: date) -> Decimal:
    known = amount_at(facility.terms.drawn, min(begin, day)) or Decimal(0)
    repaid = (each.principal for each in facility.terms.payments if day < each.due_on <= begin)
    return max(known - sum(repaid, Decimal(0)), Decimal(0))


def duties(facility: Facility, day: date) -> Iterator[Duty]:
    """Give every report of a period that has ended by a day, and the next one."""
    for each in facility.terms.obligations:
        done = {report.period_end: report.on for report in each.done if report.on <= day}
        for period_end in _period_ends(facility, each, day):
            due_on = period_end + timedelta(days=each.due_after_days)
            done_on = done.get(period_end)
            yield Duty(
                id=each.id,
                title_en=each.title.en,
                title_es=each.title.es,
                period_end=period_end,
                due_on=due_on,
                done_on=done_on,
                state=_state(due_on, done_on, day),
            )


def _period_ends(facility: Facility, duty: ObligationSettings, day: date) -> Iterator[date]:
    """Give the ends of the duty's calendar periods, from its first to the first after the day."""
    months = _MONTHS[duty.every]
    first = max(facility.terms.begins_on, duty.from_ or facility.terms.begins_on)
    last = min(x for x in (duty.until, facility.terms.ends_on, date.max) if x is not None)
    end = month_end(first)
    while end.month % months:
        end = month_end(months_after(end.replace(day=1), 1))
    while end <= last:
        yield end
        if end > day:
            return
        end = month_end(months_after(end.replace(day=1), months))
