"""What a source's bucket says of the loans in it, held against their amounts and days."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from fintech_factory.views.table import Cells, ViewDate

__all__ = ["bounds_of", "verdicts"]

# 0.5K-1K, >100K, 31-45 Days: a K is a thousand of the loan's own currency.
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)\s*(K?)"
_RANGE = re.compile(rf"\s*{_NUMBER}\s*-\s*{_NUMBER}(?:\s*DAYS)?\s*")
_ABOVE = re.compile(rf"\s*>\s*{_NUMBER}(?:\s*DAYS)?\s*")
_THOUSAND = 1000

_Bounds = tuple[Decimal, Decimal | None]


def verdicts(on: ViewDate, cells: Sequence[Cells]) -> Iterator[dict[str, Any]]:
    """Count loans by kind of bucket and by what their amounts or days say of the source's.

    `agrees`: within the source's bounds, both included. `contradicts`: outside. `in part`: of
    loans that our bucket holds together some are within and some not. `unreadable`: the
    source's words are no bounds.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        counts[cell["kind"], _verdict(bounds_of(cell["source_bucket"]), cell)] += cell["loans"]
    for (kind, verdict), loans in sorted(counts.items()):
        yield {
            "as_of": on.as_of,
            "kind": kind,
            "verdict": verdict,
            "loans": loans,
            "partial": on.partial,
        }


def bounds_of(words: str) -> _Bounds | None:
    """Read a source's bucket: first and last amount or day (None: open); None if unreadable."""
    upper = words.upper()
    if found := _RANGE.fullmatch(upper):
        return _amount(found[1], found[2]), _amount(found[3], found[4])
    if found := _ABOVE.fullmatch(upper):
        return _amount(found[1], found[2]), None
    return None


def _amount(number: str, unit: str) -> Decimal:
    return Decimal(number) * (_THOUSAND if unit else 1)


def _verdict(bounds: _Bounds | None, cell: Cells) -> str:
    if bounds is None or cell["smallest"] is None:
        return "unreadable"
    first, last = bounds
    smallest, largest = cell["smallest"], cell["largest"]
    if smallest >= first and (last is None or largest <= last):
        return "agrees"
    if largest < first or (last is not None and smallest > last):
        return "contradicts"
    return "in part"
