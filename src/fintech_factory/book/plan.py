"""What a synthetic book is asked to be."""

import re
from dataclasses import dataclass
from datetime import date

from fintech_factory.book.rates import USD_PER_UNIT
from fintech_factory.errors import UsageError

__all__ = ["MAX_INSTALMENTS", "BookPlan", "parse_instalments"]

MAX_INSTALMENTS = 60
MAX_LOANS = 20_000_000
MAX_MONTHS = 240
MAX_ENTITIES = 20
# Below these there are not enough repaid and unpaid loans to plant on.
HAZARD_LOANS, HAZARD_MONTHS = 300, 6


@dataclass(frozen=True, slots=True)
class BookPlan:
    """Everything that decides a book's bytes.

    `months` calendar months end with the month of `until`, the last day on which the book
    speaks (a day in mid-month leaves a month in progress). `instalments` is the range of
    instalments a loan may have. The first of `currencies` carries most loans.
    """

    loans: int
    months: int
    seed: int = 0
    instalments: tuple[int, int] = (1, MAX_INSTALMENTS)
    entities: int = 2
    currencies: tuple[str, ...] = ("USD",)
    hazards: bool = False
    until: date = date(2025, 12, 10)

    def __post_init__(self) -> None:
        """Refuse what cannot be generated."""
        _within("loans", self.loans, 1, MAX_LOANS)
        _within("months", self.months, 1, MAX_MONTHS)
        _within("entities", self.entities, 1, MAX_ENTITIES)
        _within("seed", self.seed, 0, 2**63 - 1)
        _check_instalments(*self.instalments)
        _check_currencies(self.currencies)
        if self.hazards and (self.loans < HAZARD_LOANS or self.months < HAZARD_MONTHS):
            raise UsageError(
                "the book is too small to hold every hazard",
                where="--hazards",
                hint=f"give at least {HAZARD_LOANS} loans and {HAZARD_MONTHS} months",
            )
        if self.until.year - self.months // 12 < 1990 or self.until.year > 2200:  # noqa: PLR2004
            raise UsageError(
                f"a book of {self.months} months until {self.until} leaves the years 1990 to 2200",
                where="--until",
                hint="move --until or shorten --months",
            )

    @property
    def first_day(self) -> date:
        """Give the first day of the book's first month."""
        month = self.until.year * 12 + self.until.month - 1 - (self.months - 1)
        return date(month // 12, month % 12 + 1, 1)


def parse_instalments(text: str) -> tuple[int, int]:
    """Read `12` as 1 to 12 (so `1` is bullet loans only) and `3..12` as that range."""
    found = re.fullmatch(r"\s*(?:(\d{1,3})\s*\.\.\s*)?(\d{1,3})\s*", text)
    if found is None:
        raise UsageError(
            f"{text!r} is not a number of instalments",
            where="--instalments",
            hint=f"write 12 (up to twelve) or 1..{MAX_INSTALMENTS}",
        )
    low, high = int(found[1] or 1), int(found[2])
    _check_instalments(low, high)
    return low, high


def _check_instalments(low: int, high: int) -> None:
    if not 1 <= low <= high <= MAX_INSTALMENTS:
        raise UsageError(
            f"{low}..{high} is not a range of instalments",
            where="--instalments",
            hint=f"a loan has 1 to {MAX_INSTALMENTS} instalments, the smaller number first",
        )


def _check_currencies(currencies: tuple[str, ...]) -> None:
    unknown = [code for code in currencies if code not in USD_PER_UNIT]
    if unknown or not currencies or len(set(currencies)) != len(currencies):
        raise UsageError(
            f"no rate is known for {', '.join(unknown)}" if unknown else "name each currency once",
            where="--currencies",
            hint="choose from " + ", ".join(USD_PER_UNIT),
        )


def _within(name: str, number: int, low: int, high: int) -> None:
    if not low <= number <= high:
        raise UsageError(
            f"{number} is not a number of {name} to generate"
            if name != "seed"
            else f"{number} is no seed",
            where=f"--{name}",
            hint=f"give a whole number from {low} to {high}",
        )
