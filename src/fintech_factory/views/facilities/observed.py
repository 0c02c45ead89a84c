"""What facilities and statements give to KPIs: figures that no model of the book holds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fintech_factory.analytics.breach import Course
from fintech_factory.analytics.statement_ratios import RATIOS, ratio_at
from fintech_factory.ingestion.sources.statements import Statement
from fintech_factory.kpi_engine.observed import Observed
from fintech_factory.views.facilities.covenants import BREACH, UNAVAILABLE, Covenant
from fintech_factory.views.facilities.monitor import NEEDS_FACILITY, Monitor
from fintech_factory.views.facilities.standing import Standing
from fintech_factory.views.table import ViewDate

__all__ = ["MONITOR_FIGURES", "STATEMENT_FIGURES", "observe_monitor", "observe_statements"]

MONITOR_FIGURES = (
    "covenant_headroom",
    "open_breaches",
    "borrowing_base_surplus",
    "excess_concentration",
    "days_to_breach",
)
STATEMENT_FIGURES = tuple(RATIOS)
_QUOTIENTS = frozenset(RATIOS) - {"runway_months"}


def observe_monitor(monitor: Monitor, on: ViewDate) -> Mapping[str, Observed]:
    """Observe the facilities in force on a date, the worst where one figure stands for several.

    covenant_headroom: the smallest headroom in percent of its trigger. open_breaches: how many
    covenants are breached. borrowing_base_surplus: the smallest, negative for a deficiency: the
    surplus of one facility cannot serve another. excess_concentration: all facilities' together.
    days_to_breach: the smallest; 0 if one is breached. A covenant without a figure makes a figure
    over all covenants unavailable, unless a breach is known already: that is never hidden.
    """
    facilities = monitor.at(on)
    if not facilities:
        reason = (
            NEEDS_FACILITY if not monitor.facilities else f"no facility is in force on {on.cut_on}"
        )
        return dict.fromkeys(MONITOR_FIGURES, Observed(reason=reason))
    covenants = [each for one in facilities for each in monitor.covenants(one, on)]
    standings = [monitor.standing(each, on) for each in facilities]
    return {
        "covenant_headroom": _headroom(covenants),
        "open_breaches": _breaches(covenants),
        "borrowing_base_surplus": _surplus(standings),
        "excess_concentration": _excess(standings),
        "days_to_breach": _days(covenants),
    }


def observe_statements(statements: Sequence[Statement], on: ViewDate) -> Mapping[str, Observed]:
    """Observe the ratios of the last statement whose period ended by the day the data end.

    nim, cost_of_risk, debt_to_equity and dscr are given as part and whole, runway_months as months.
    """
    found = {}
    for name in RATIOS:
        ratio = ratio_at(name, statements, on.cut_on)
        if ratio.reason:
            found[name] = Observed(reason=ratio.reason)
        elif name in _QUOTIENTS:
            found[name] = Observed(part=ratio.part, whole=ratio.whole)
        else:
            found[name] = Observed(value=ratio.value)
    return found


def _unknown(covenants: Sequence[Covenant]) -> str:
    """Say why some covenant has no figure; empty if all have."""
    if not covenants:
        return "no facility has a covenant in force"
    unread = [each for each in covenants if each.state == UNAVAILABLE]
    return "; ".join(
        dict.fromkeys(f"{each.facility} {each.id}: {each.found.reason}" for each in unread)
    )


def _headroom(covenants: Sequence[Covenant]) -> Observed:
    known = [each.headroom_percent for each in covenants]
    smallest = min((each for each in known if each is not None), default=None)
    unknown = _unknown(covenants)
    if smallest is not None and (smallest < 0 or not unknown):
        return Observed(value=smallest)
    return Observed(reason=unknown or "every trigger is 0: headroom has no percentage")


def _breaches(covenants: Sequence[Covenant]) -> Observed:
    breached = sum(each.state == BREACH for each in covenants)
    unknown = _unknown(covenants)
    return (
        Observed(value=Decimal(breached)) if breached or not unknown else Observed(reason=unknown)
    )


def _surplus(standings: Sequence[Standing | str]) -> Observed:
    unread, surpluses = [], []
    for each in standings:
        surplus = None if isinstance(each, str) else each.base.surplus
        if surplus is None:
            unread.append(each if isinstance(each, str) else f"{each.facility.id} {each.reason}")
        else:
            surpluses.append(surplus)
    smallest = min(surpluses, default=None)
    if smallest is not None and (smallest < 0 or not unread):
        return Observed(value=smallest)
    return Observed(reason="; ".join(unread))


def _excess(standings: Sequence[Standing | str]) -> Observed:
    refused = [each for each in standings if isinstance(each, str)]
    if refused:
        return Observed(reason="; ".join(refused))
    known = (each.base.excess for each in standings if isinstance(each, Standing))
    return Observed(value=sum(known, Decimal(0)))


def _days(covenants: Sequence[Covenant]) -> Observed:
    days = [each.outlook.days for each in covenants if each.outlook.days is not None]
    smallest = min(days, default=None)
    unknown = "; ".join(
        f"{each.facility} {each.id}: {each.outlook.reason}"
        for each in covenants
        if each.outlook.course is Course.UNKNOWN
    )
    if smallest is not None and (smallest == 0 or not unknown):
        return Observed(value=Decimal(smallest))
    if unknown or not covenants:
        return Observed(reason=unknown or _unknown(covenants))
    return Observed(reason=f"no covenant reaches its trigger: {Course.BEYOND.value}")
