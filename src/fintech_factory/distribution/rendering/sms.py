"""Writes a message as a text message: one segment of the GSM alphabet, no personal data."""

import re
from dataclasses import dataclass

from fintech_factory.distribution.rendering.escaping import gsm, gsm_length
from fintech_factory.distribution.rendering.jinja import fill
from fintech_factory.distribution.rendering.sheet import Sheet

__all__ = ["Sms", "sms_of"]

# 3GPP TS 23.040: a message alone takes 160 septets; each part of a longer one takes 153.
_ALONE, _PART = 160, 153
_CUT = "..."
# A text message crosses many networks in the clear: addresses and numbers of persons stay out,
# whoever wrote the subject.
_PERSONAL = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\+?\d[\d -]{6,}\d")


@dataclass(frozen=True, slots=True)
class Sms:
    """The text, and how many segments it takes."""

    text: str
    segments: int


def sms_of(sheet: Sheet, *, max_segments: int = 1) -> Sms:
    """Write severity, subject, and as much of dates and link as fits.

    The subject is what is cut; a link is whole or not there. Facts stay out: a mover's name is
    personal data.
    """
    room = _ALONE if max_segments == 1 else _PART * max_segments
    word = gsm(" ".join(each for each in (sheet.standing.word, sheet.occasion) if each)).upper()
    subject = _PERSONAL.sub("***", gsm(sheet.subject))
    notices = [gsm(each) for each in sheet.notices]
    must, may = [*notices[:1]], [gsm(sheet.dates), gsm(_link(sheet))]
    text = _written(word, _cut(word, subject, must, room), must)
    for extra in filter(None, may):
        if gsm_length(longer := f"{text} {extra}") <= room:
            text = longer
    return Sms(text, segments(text))


def segments(text: str) -> int:
    """Count the segments that a text of the GSM alphabet takes."""
    length = gsm_length(text)
    return 1 if length <= _ALONE else -(-length // _PART)


def _link(sheet: Sheet) -> str:
    urls = [each.url for each in sheet.buttons if each.verb == "open" and each.url]
    return next(iter([*urls, *(each.url for each in sheet.links)]), "")


def _written(word: str, subject: str, extras: list[str]) -> str:
    return fill("sms.txt.j2", word=word, subject=subject, extras=extras)


def _cut(word: str, subject: str, extras: list[str], room: int) -> str:
    cut = subject
    while cut and gsm_length(_written(word, cut, extras)) > room:
        subject = subject[:-1]
        cut = subject.rstrip() + _CUT
    return cut
