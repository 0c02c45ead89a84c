"""The borrowing base: what may be drawn against the pool, and what is over or short."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["BorrowingBase"]

_MONEY = Decimal("1e-6")
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class BorrowingBase:
    """A pool and a facility at one date, in the reporting currency.

    `eligible` is the balance that no rule excludes, `discounts` what the days-past-due schedule
    leaves out of it, `excess` what lies above the concentration limits. `cash` is None where the
    cash of the day is not known.
    """

    eligible: Decimal
    discounts: Decimal
    excess: Decimal
    advance_percent: Decimal
    commitment: Decimal
    drawn: Decimal
    cash: Decimal | None

    @property
    def net_eligible(self) -> Decimal:
        """Eligible - discounts - excess."""
        return self.eligible - self.discounts - self.excess

    @property
    def availability(self) -> Decimal:
        """Net eligible at the advance rate, half-even at 6 places."""
        product = _WIDE.multiply(self.net_eligible, self.advance_percent)
        return _WIDE.divide(product, Decimal(100)).quantize(_MONEY, context=_WIDE)

    @property
    def surplus(self) -> Decimal | None:
        """Availability + cash - drawn; negative is a deficiency. None while cash is not known."""
        return None if self.cash is None else self.availability + self.cash - self.drawn

    @property
    def drawable(self) -> Decimal | None:
        """What may still be drawn: the surplus, within what the commitment leaves."""
        if self.surplus is None:
            return None
        return max(min(self.surplus, self.commitment - self.drawn), Decimal(0))

    @property
    def collateral(self) -> Decimal | None:
        """Net eligible + cash: what stands behind what is drawn."""
        return None if self.cash is None else self.net_eligible + self.cash
