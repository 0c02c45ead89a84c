"""Gives every spelling of a place one name."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

__all__ = ["NO_PLACE", "place_key", "place_names"]

NO_PLACE = frozenset({"", "not provided", "no provisto", "n/a", "unknown", "desconocido"})
"""What sources write where they know no place, as `place_key` gives it."""


def place_names(spellings: Iterable[tuple[str, int]]) -> Mapping[str, str | None]:
    """Give each spelling the name that is written most often; None where it names no place.

    Args:
        spellings: each text as received, and how many rows have it.

    Case, accents and spaces make no difference. Of spellings that are as frequent the one with
    the most accents wins, then the first of the alphabet; a name all in one case gets capitals.

    """
    by_key: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for text, rows in spellings:
        accents = sum(not each.isascii() for each in text)
        by_key[place_key(text)].append((-rows, -accents, text))
    return {
        text: None if key in NO_PLACE else _name(min(known)[2])
        for key, known in by_key.items()
        for _, _, text in known
    }


def place_key(text: str) -> str:
    """Give what all spellings of one place have in common."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join(
        "".join(each for each in plain if not unicodedata.combining(each)).split()
    ).casefold()


def _name(spelling: str) -> str:
    name = " ".join(spelling.split())
    return name.title() if name.isupper() or name.islower() else name
