"""Excess concentration: what lies above each limit, no balance deducted twice."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["Cell", "Excess", "Limit", "excesses"]

_MONEY = Decimal("1e-6")
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in percent of the eligible balance; `largest` borrowers together if per is `top`."""

    id: str
    per: str
    percent: Decimal
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts of the loans that are alike in these traits.

    `borrower` is None for all borrowers that are too small to meet a limit; `place` is the
    borrower's among all by what counts, the largest being 1.
    """

    borrower: str | None
    place: int | None
    product: str
    entity: str
    state: str
    counted: Decimal

    def member(self, limit: Limit) -> str | None:
        """Name the member of a limit's dimension that the cell belongs to, if any."""
        match limit.per:
            case "borrower":
                return self.borrower
            case "top":
                largest = limit.largest or 0
                inside = self.place is not None and self.place <= largest
                return f"largest {largest}" if inside else None
            case "product":
                return self.product
            case "entity":
                return self.entity
        return self.state


@dataclass(frozen=True, slots=True)
class Excess:
    """One member under one limit: what counts of it, what may, and what lies above."""

    limit: Limit
    member: str
    counted: Decimal
    allowed: Decimal
    excess: Decimal


def excesses(cells: Sequence[Cell], limits: Sequence[Limit], eligible: Decimal) -> list[Excess]:
    """Apply limits in order, each to what those before it have left; money at 6 places.

    A limit is a percentage of `eligible`, the eligible balance before discounts; what is held
    against it is what counts after them, so that a discount is not deducted again. An excess is
    taken from the member's cells in proportion. Each limit gives its members with an excess, or
    the largest one if there is none.
    """
    left = {cell: cell.counted for cell in cells}
    found: list[Excess] = []
    for limit in limits:
        allowed = _percent_of(limit.percent, eligible)
        found += _leading([_apply(left, *one, limit, allowed) for one in _members(left, limit)])
    return found


def _percent_of(percent: Decimal, of: Decimal) -> Decimal:
    return _WIDE.divide(_WIDE.multiply(percent, of), Decimal(100)).quantize(_MONEY, context=_WIDE)


def _members(
    left: Mapping[Cell, Decimal], limit: Limit
) -> Iterator[tuple[str, list[tuple[Cell, Decimal]]]]:
    members: dict[str, list[tuple[Cell, Decimal]]] = defaultdict(list)
    for cell, amount in left.items():
        member = cell.member(limit)
        if member is not None:
            members[member].append((cell, amount))
    yield from members.items()


def _apply(
    left: dict[Cell, Decimal],
    member: str,
    own: Sequence[tuple[Cell, Decimal]],
    limit: Limit,
    allowed: Decimal,
) -> Excess:
    counted = sum((amount for _, amount in own), _ZERO)
    excess = max(counted - allowed, _ZERO)
    open_excess = excess
    for cell, amount in own if excess else ():
        share = _WIDE.divide(_WIDE.multiply(amount, excess), counted).quantize(
            _MONEY, context=_WIDE
        )
        left[cell] -= share
        open_excess -= share
    if open_excess:
        # Rounding leaves a millionth or so; the last cell takes it, so that the sum is exact.
        left[own[-1][0]] -= open_excess
    return Excess(limit, member, counted, allowed, excess)


def _leading(members: Sequence[Excess]) -> list[Excess]:
    ordered = sorted(members, key=lambda each: (-each.excess, -each.counted, each.member))
    above = [each for each in ordered if each.excess > 0]
    return above or ordered[:1]
