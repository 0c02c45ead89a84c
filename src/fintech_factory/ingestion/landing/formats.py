"""How the text of one column is to be read, told from its values and never guessed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

__all__ = [
    "Ambiguous",
    "Bounds",
    "DateReading",
    "NumberReading",
    "declared_date",
    "declared_number",
    "read_dates",
    "read_numbers",
]

Bounds = tuple[Decimal | None, Decimal | None]
# A space between thousands may be a plain, a no-break or a narrow no-break one.
_SPACES = "[ \u00a0\u202f]"


@dataclass(frozen=True, slots=True)
class NumberReading:
    """Decimal sign and thousands sign of a column; `proven` if a value shows them."""

    decimal: str = "."
    group: str = ""
    proven: bool = True

    @property
    def name(self) -> str:
        """Show the format by an example."""
        return f"1{self.group}234{self.decimal}56"

    @property
    def is_plain(self) -> bool:
        """Tell whether every engine reads it as it stands."""
        return self.decimal == "." and not self.group

    @property
    def group_pattern(self) -> str:
        """Give the regular expression of the thousands sign."""
        return _SPACES if self.group == " " else re.escape(self.group)

    @property
    def pattern(self) -> str:
        """Give the regular expression of a number in this format."""
        whole = r"\d+"
        if self.group:
            whole = rf"(?:[1-9]\d{{0,2}}(?:{self.group_pattern}\d{{3}})+|\d+)"
        point = re.escape(self.decimal)
        return rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"

    def value(self, text: str) -> Decimal:
        """Read one number that fits the pattern."""
        bare = re.sub(self.group_pattern, "", text) if self.group else text
        return Decimal(bare.replace(self.decimal, "."))


@dataclass(frozen=True, slots=True)
class DateReading:
    """Order and signs of a date column as strptime writes them; `iso` is year-month-day."""

    format: str = "iso"
    proven: bool = True

    @property
    def name(self) -> str:
        """Show the format."""
        return "YYYY-MM-DD" if self.format == "iso" else self.format


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two readings fit a column equally well and differ on `example`."""

    example: str
    readings: tuple[str, str]


R = TypeVar("R", NumberReading, DateReading)
V = TypeVar("V", Decimal, date)

_NUMBERS = tuple(
    NumberReading(decimal, group)
    for decimal, group in (
        *((".", ""), (",", ""), (".", ","), (",", ".")),
        *((",", " "), (".", " "), (".", "'"), (",", "'")),
    )
)
_PATTERNS = {each: re.compile(each.pattern) for each in _NUMBERS}
_WHOLE = re.compile(r"[+-]?\d+")


def read_numbers(texts: Iterable[str], bounds: Bounds = (None, None)) -> NumberReading | Ambiguous:
    """Choose the format that reads most of the values.

    A format that puts a value outside the column's own bounds does not read it.
    """
    signed = [text for text in dict.fromkeys(texts) if not _WHOLE.fullmatch(text)]
    # Where a format reads every value, only those that do so too can contest it: most are
    # out at their first value, and the sample costs next to nothing.
    whole = [each for each in _NUMBERS if all(map(_PATTERNS[each].fullmatch, signed))]
    # Texts that can be read without a thousands sign have none: with one they read the same.
    bare = {each.decimal for each in whole if not each.group}
    whole = [each for each in whole if not each.group or each.decimal not in bare]
    read = [(each, _numbers(each, signed, bounds)) for each in whole or _NUMBERS]
    if whole and max(len(values) for _, values in read) < len(signed):
        read = [(each, _numbers(each, signed, bounds)) for each in _NUMBERS]
    return _choose(read) or NumberReading(proven=False)


def _numbers(reading: NumberReading, texts: Sequence[str], bounds: Bounds) -> dict[str, Decimal]:
    fits = _PATTERNS[reading].fullmatch
    values = ((text, reading.value(text)) for text in texts if fits(text))
    return {text: value for text, value in values if _inside(value, bounds)}


def _inside(value: Decimal, bounds: Bounds) -> bool:
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)


def declared_number(shape: str) -> NumberReading | None:
    """Read a format written like `1.234,56`; None if it is none."""
    return next((each for each in _NUMBERS if each.name == shape or each.name[2:] == shape), None)


# strptime's rule (POSIX): 00-68 are this century, 69-99 the last.
_TURN = 69
_PARTS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T]\d{1,2}:\d{2}.*)?")
_ORDERS = {
    "%Y-%m-%d": "iso",
    **{each: each for each in ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y")},
    **{each: each for each in ("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y")},
    **{each: each for each in ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y")},
    "%Y%m%d": "%Y%m%d",
}


def read_dates(texts: Iterable[str]) -> DateReading | Ambiguous:
    """Choose the order of day, month and year that reads most of the values."""
    distinct = list(dict.fromkeys(texts))
    if distinct and all(_date("%Y-%m-%d", text) for text in distinct):
        return DateReading()
    read = [
        (DateReading(name), {text: day for text in distinct if (day := _date(order, text))})
        for order, name in _ORDERS.items()
    ]
    return _choose(read) or DateReading(proven=False)


def _date(order: str, text: str) -> date | None:
    if order == "%Y%m%d":
        parts = (text[:4], text[4:6], text[6:]) if re.fullmatch(r"\d{8}", text) else None
        return _day(dict(zip("Ymd", parts, strict=True))) if parts else None
    found = _PARTS.fullmatch(text)
    letters, sign = (order[1], order[4], order[7]), order[2]
    if found is None or found[2] != sign:
        return None
    return _day(dict(zip(letters, (found[1], found[3], found[4]), strict=True)))


def _day(parts: Mapping[str, str]) -> date | None:
    year, width = (parts["Y"], 4) if "Y" in parts else (parts["y"], 2)
    if len(year) != width:
        return None
    whole = int(year) if width == len("2025") else int(year) + (2000 if int(year) < _TURN else 1900)
    try:
        return date(whole, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def declared_date(shape: str) -> DateReading | None:
    """Read a format written like `%d/%m/%Y` or `iso`; None if it is none."""
    name = _ORDERS.get(shape, shape)
    return DateReading(name) if name in _ORDERS.values() else None


def _choose(read: Sequence[tuple[R, dict[str, V]]]) -> R | Ambiguous | None:
    most = max(len(values) for _, values in read)
    if most == 0:
        return None
    (first, held), *others = [each for each in read if len(each[1]) == most]
    for _, values in others:
        differ = [text for text in {**held, **values} if held.get(text) != values.get(text)]
        if differ:
            # A text that both read and read differently is the clearest example.
            example = next((text for text in differ if text in held and text in values), differ[0])
            return Ambiguous(example, (_shown(held.get(example)), _shown(values.get(example))))
    return first


def _shown(value: Decimal | date | None) -> str:
    return "unreadable" if value is None else str(value)
