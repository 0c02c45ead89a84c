"""What one unit of a currency is worth in the reporting currency at each as-of date."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.arithmetic import EXACT

__all__ = ["Rates", "converted"]

_MICRO = Decimal("0.000001")


class Rates:
    """The rates of every currency, looked up once per currency."""

    def __init__(
        self, rates: Iterable[tuple[str, date, Decimal]], reporting: str, as_ofs: tuple[date, ...]
    ) -> None:
        """Take (currency, rate_on, rate) in any order."""
        self._known: dict[str, list[tuple[date, Decimal]]] = {}
        for currency, rate_on, rate in rates:
            self._known.setdefault(currency, []).append((rate_on, rate))
        self._as_ofs = as_ofs
        self._at: dict[str, list[Decimal] | None] = {reporting: None}

    def of(self, currency: str) -> list[Decimal] | None:
        """Give one rate per as-of date; None for the reporting currency itself."""
        if currency not in self._at:
            self._at[currency] = self._per_date(currency)
        return self._at[currency]

    def _per_date(self, currency: str) -> list[Decimal]:
        known = sorted(self._known.get(currency, ()))
        if not known:
            raise WarehouseError(
                f"there is no rate for {currency}",
                where="second engine",
                hint="give one in factory.yaml; amounts of two currencies are never added up",
            )
        days = [day for day, _ in known]
        # Before the first known rate, the first one serves.
        return [known[max(bisect_right(days, as_of) - 1, 0)][1] for as_of in self._as_ofs]


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    """Give an amount in the reporting currency, to six places, half away from zero.

    Every SQL engine's ROUND does the same, so that the two engines agree on ties.
    """
    product = EXACT.multiply(amount, rate)
    return product.quantize(_MICRO, rounding=ROUND_HALF_UP, context=EXACT)
