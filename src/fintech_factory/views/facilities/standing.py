"""How a facility stands at one date: its borrowing base and the figures made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.analytics.borrowing_base import BorrowingBase
from fintech_factory.analytics.concentration import Excess, Limit, excesses
from fintech_factory.analytics.ratio import DUST, is_dust, percent
from fintech_factory.views.facilities.facts import BookFacts, Figure, Pool
from fintech_factory.views.facilities.terms import Facility, amount_at, in_force
from fintech_factory.views.table import ViewDate

if TYPE_CHECKING:
    from fintech_factory.views.facilities.settings import AmountSettings

__all__ = ["FIGURES", "FORMULAS", "Standing", "standing_at"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A facility at one date; `rate` turns its currency into the reporting currency.

    `reason` says what a figure that is not known needs; it is empty where all are known.
    """

    facility: Facility
    on: ViewDate
    pool: Pool
    excesses: tuple[Excess, ...]
    base: BorrowingBase
    rate: Decimal
    cash_on: date | None
    reason: str = ""

    @property
    def collateralisation(self) -> Decimal | None:
        """(Net eligible + cash) over what is drawn, in percent; None of nothing and of dust."""
        return percent(self.base.collateral, self.base.drawn)


def standing_at(
    facility: Facility, facts: BookFacts, on: ViewDate, reporting: str
) -> Standing | str:
    """Give a facility at a date, or say why it cannot be.

    Terms are those in force on the as-of date; amounts are those of the day the data end, on which
    the facility must be in force.
    """
    rate = (
        Decimal(1)
        if facility.terms.currency == reporting
        else facts.rates.get(facility.terms.currency, {}).get(on.as_of)
    )
    if rate is None:
        return (
            f"{facility.id} is in {facility.terms.currency} and there is no rate to {reporting}:"
            " add one to currency.rates in config/factory.yaml"
        )
    pool = facts.pools.get(facility.id, {}).get(on.as_of)
    if pool is None:
        return f"the pool of {facility.id} was not read at {on.as_of}"
    found = tuple(excesses(pool.cells, _limits(facility, on.as_of), pool.eligible.balance))
    cash_on, cash = _cash(facility, on.cut_on)
    base = BorrowingBase(
        eligible=pool.eligible.balance,
        discounts=pool.eligible.balance - pool.counted,
        excess=sum((each.excess for each in found), Decimal(0)),
        advance_percent=_advance(facility, on.as_of),
        commitment=_amount(facility.terms.commitment, on.as_of, rate),
        drawn=_amount(facility.terms.drawn, on.cut_on, rate),
        cash=None if cash is None else round(cash * rate, 6),
    )
    reason = "" if cash is not None else _no_cash(facility, on)
    return Standing(facility, on, pool, found, base, rate, cash_on, reason)


def _limits(facility: Facility, day: date) -> list[Limit]:
    return [
        Limit(each.id, each.per, each.percent, each.largest)
        for each in facility.terms.concentration
        if each.holds(day)
    ]


def _advance(facility: Facility, day: date) -> Decimal:
    found = in_force(facility.terms.advance_rate, day)
    if found is None:
        raise LookupError(f"{facility.id} has no advance rate on {day}")
    return found.percent


def _amount(entries: "Sequence[AmountSettings]", day: date, rate: Decimal) -> Decimal:
    # The check of the file holds: every amount is said from the first day of the agreement on.
    amount = amount_at(entries, day)
    if amount is None:
        raise LookupError(f"no amount is in force on {day}")
    return round(amount * rate, 6)


def _cash(facility: Facility, day: date) -> tuple[date | None, Decimal | None]:
    """Give the newest balance that may still serve on a day, and its own day."""
    oldest = day - timedelta(days=facility.terms.cash_valid_days)
    usable = [each for each in facility.terms.cash if oldest <= each.on <= day]
    newest = max(usable, key=lambda each: each.on, default=None)
    return (None, None) if newest is None else (newest.on, newest.amount)


def _no_cash(facility: Facility, on: ViewDate) -> str:
    """Say which cash is needed, and why the newest that is said does not serve."""
    needs = f"needs the cash of {on.cut_on} in {facility.place}"
    newest = max((each.on for each in facility.terms.cash), default=None)
    if newest is None:
        return needs
    if newest > on.cut_on:
        limit = "the day the data end" if on.partial else "that day"
        return f"{needs}: the newest cash is of {newest}, after {limit}"
    days = facility.terms.cash_valid_days
    allowed = f", and {days} days are allowed" if days else ""
    return f"{needs}: the newest cash is of {newest}, before that day{allowed}"


def _share(part: Decimal | None, whole: Decimal, reason: str) -> Figure:
    value = percent(part, whole)
    if part is not None and is_dust(whole):
        reason = f"it would be a percentage of {DUST}"
    return Figure(value, "" if value is not None else reason, part, whole)


def _surplus(at: Standing) -> Figure:
    return Figure(at.base.surplus, at.reason)


def _collateralisation(at: Standing) -> Figure:
    return _share(at.base.collateral, at.base.drawn, at.reason or "nothing is drawn")


FIGURES: Mapping[str, tuple[str, Callable[[Standing], Figure]]] = {
    "borrowing_base_surplus": ("money", _surplus),
    "collateralisation": ("percent", _collateralisation),
    "eligible_share": (
        "percent",
        lambda at: _share(at.base.eligible, at.pool.all_loans.balance, "the pool is empty"),
    ),
    "excess_concentration": ("money", lambda at: Figure(at.base.excess)),
    "excess_share": (
        "percent",
        lambda at: _share(at.base.excess, at.base.eligible, "no loan is eligible"),
    ),
    "utilisation": (
        "percent",
        lambda at: _share(at.base.drawn, at.base.commitment, "nothing is committed"),
    ),
}
"""The figures of the monitor that a covenant may name: unit, and how each is read."""

FORMULAS: Mapping[str, str] = {
    "borrowing_base_surplus": "net eligible x advance rate + cash - drawn",
    "collateralisation": "(net eligible + cash) / drawn x 100",
    "eligible_share": "eligible / pool x 100",
    "excess_concentration": "sum of what lies above the concentration limits",
    "excess_share": "excess concentration / eligible x 100",
    "utilisation": "drawn / commitment x 100",
}
"""What each figure is made of, for people."""
