"""Writes figures and dates for people, by unit and language.

Spanish is written as in Mexico and Central America (CLDR `es-MX`, `es-SV`, `es-GT`): a point
before the decimals, a comma between thousands. So a figure has the same digits in both languages,
and nobody reads 1.234 as one where another reads it as a thousand.
"""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.message import Language, Text, Value
from fintech_factory.values import Unit

__all__ = ["absent", "day", "figure", "moment"]

_ABSENT = Text("n/a", "n/d")
_MONTHS = Text(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "ene feb mar abr may jun jul ago sep oct nov dic",
)
# One, then many.
_NOUNS = {
    Unit.DAYS: (Text("day", "día"), Text("days", "días")),
    Unit.MONTHS: (Text("month", "mes"), Text("months", "meses")),
    Unit.HOURS: (Text("hour", "hora"), Text("hours", "horas")),
    Unit.SECONDS: (Text("second", "segundo"), Text("seconds", "segundos")),
}
# What is counted in whole things shows decimals only where it has some.
_WHOLE = frozenset({Unit.COUNT, *_NOUNS})
_DIGITS = 60
# A sign that more than one country uses would name no currency.
_SIGNS = {"USD": "$"}


def figure(
    value: Value,
    language: Language,
    *,
    unit: Unit | None = None,
    precision: int = 2,
    currency: str = "",
) -> str:
    """Write one value: `5.46 %`, `$1,234.50`, `17,688`, `3 days`, `n/a` for None.

    A Decimal is rounded half-even to `precision` places here and nowhere before. A whole number
    without a unit is a name rather than a quantity (a year, a line) and keeps its digits.
    """
    match value:
        case None:
            return absent(language)
        case Text():
            return value.within(language)
        case datetime():
            return moment(value, language)
        case date():
            return day(value, language)
    if isinstance(value, Decimal) or (isinstance(value, int) and unit is not None):
        return _number(Decimal(value), language, unit, precision, currency)
    return str(value)


def absent(language: Language) -> str:
    """Say that there is no figure: n/a, in Spanish n/d (no disponible)."""
    return _ABSENT.within(language)


def day(on: date, language: Language) -> str:
    """Write a day: `10 Dec 2025`, `10 dic 2025`."""
    return f"{on.day} {_MONTHS.within(language).split()[on.month - 1]} {on.year}"


def moment(at: datetime, language: Language) -> str:
    """Write an aware moment in UTC: `10 Dec 2025 06:00 UTC`."""
    inside = at.astimezone(UTC)
    return f"{day(inside, language)} {inside:%H:%M} UTC"


def _number(
    value: Decimal, language: Language, unit: Unit | None, precision: int, currency: str
) -> str:
    if not value.is_finite():
        return absent(language)
    whole = unit in _WHOLE and value == value.to_integral_value()
    places = 0 if whole else precision
    # As many digits as it takes, lest a figure that is beyond all sense stop the telling of it.
    room = max(_DIGITS, value.adjusted() + places + 2)
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, Context(prec=room))
    # What rounds to nothing has no sign: -0.00 is 0.00.
    digits = f"{rounded.copy_abs():,f}"
    sign = "-" if rounded < 0 else ""
    return sign + _with_unit(digits, rounded.copy_abs(), language, unit, currency)


def _with_unit(
    digits: str, size: Decimal, language: Language, unit: Unit | None, currency: str
) -> str:
    if unit in _NOUNS:
        one, many = _NOUNS[unit]
        return f"{digits} {(one if size == 1 else many).within(language)}"
    match unit:
        case Unit.PERCENT:
            return f"{digits} %"
        case Unit.TIMES:
            return f"{digits}x"
        case Unit.MONEY if currency:
            return f"{_SIGNS.get(currency, f'{currency} ')}{digits}"
    return digits
