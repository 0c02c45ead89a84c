"""Matches names as they arrive with names as the contract knows them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

__all__ = ["folded", "matching_table"]

_SIGNS = re.compile(r"[^a-z0-9]+")


def folded(name: str) -> str:
    """Write a name without case, accents and signs: `Fecha de Pago` is fecha_de_pago."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _SIGNS.sub("_", plain.lower()).strip("_")


def matching_table(name: str, patterns: Mapping[str, Iterable[str]]) -> str | None:
    """Give the table whose pattern fits a file or sheet name most closely."""
    stem = folded(name)
    fits = [
        (len(pattern.replace("*", "")), table)
        for table, each in patterns.items()
        for pattern in each
        if fnmatchcase(stem, _folded_pattern(pattern))
    ]
    return max(fits)[1] if fits else None


def _folded_pattern(pattern: str) -> str:
    return re.sub(r"[^*?]+", lambda found: _inner(found[0]), pattern)


def _inner(part: str) -> str:
    # Signs at a part's end stay, so that `loan_*` does not take `loans`.
    ends = ("_" if part[:1] in "_- " else "", "_" if part[-1:] in "_- " else "")
    return f"{ends[0]}{folded(part)}{ends[1]}"
