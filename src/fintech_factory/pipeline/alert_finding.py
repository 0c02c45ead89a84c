"""Says what findings say, in the language of whoever is told."""

import re
from collections.abc import Iterable

from fintech_factory.i18n import words
from fintech_factory.message import Language, Text
from fintech_factory.validation.findings import Found

__all__ = ["finding_said", "findings_said", "reason_of"]

_ONE = re.compile(r"([a-z][a-z0-9_]*): (.*)", re.DOTALL)


def reason_of(found: Iterable[Found]) -> str:
    """Give what some findings say as an alert keeps it: each with its code, in English."""
    return "; ".join(f"{each.finding.code}: {each.finding.message}" for each in found)


def finding_said(reason: str) -> Text | None:
    """Give what one finding says in both languages; None if it is not said by `reason_of`."""
    return _both([reason])


def findings_said(reason: str) -> Text | None:
    """Give what some findings say in both languages; None if it is not said by `reason_of`."""
    codes = "|".join(words(Language.ES).findings)
    # The next begins with its own code; a message may hold a semicolon too.
    return _both(re.split(rf"; (?=(?:{codes}): )", reason))


def _both(reasons: list[str]) -> Text | None:
    parts = [_ONE.fullmatch(each) for each in reasons]
    spanish = words(Language.ES)
    if not all(each is not None and each[1] in spanish.findings for each in parts):
        return None
    said = [spanish.finding(each[1], each[2]) for each in parts if each is not None]
    return Text("; ".join(reasons), "; ".join(said))
