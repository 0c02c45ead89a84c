"""What people read, in English and Spanish: one catalogue a language, and no silent fallback."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from fintech_factory.message import Language

__all__ = ["LANGUAGES", "Words", "words"]

LANGUAGES = tuple(Language)

# 0-10 days, 181+ days, 10K-50K, 25-50 %: figures are the same in both languages.
_RANGE_OF_DAYS = re.compile(r"([0-9]+(?:-[0-9]+|\+)) days")
_RANGE = re.compile(r"[0-9.]+K?(?:-[0-9.]+K?|\+)?(?: %)?")
_FILLED = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; numbers and dates are written alike in both.

    English and Spanish documents follow the convention of El Salvador, Mexico and most of Central
    America: 1,234.56, a comma for thousands and a point for decimals; days are ISO 8601.
    """

    language: Language
    columns: Mapping[str, str]
    cells: Mapping[str, str]
    phrases: Mapping[str, str]
    sentences: Mapping[str, str]
    findings: Mapping[str, str] = field(default_factory=dict)

    def finding(self, code: str, english: str) -> str:
        """Say what a finding says, which it does in English, with its code.

        In another language a sentence that the catalogue holds is said in it; of any other the
        meaning is, with the English words after it, for their figures.
        """
        known = self.known_sentence(english)
        meaning = self.findings.get(code)
        if known is not None or meaning is None:
            return f"{code}: {known or english}"
        return self.say("finding_detail", code=code, meaning=meaning, detail=english)

    def column(self, name: str) -> str | None:
        """Give what stands over a column; None if the product does not know it."""
        return self.columns.get(name)

    def cell(self, word: str) -> str | None:
        """Give a word that the product writes into cells; None if it is none of its words."""
        if found := _RANGE_OF_DAYS.fullmatch(word):
            return self.say("days_range", range=found[1])
        return word if _RANGE.fullmatch(word) else self.cells.get(word)

    def say(self, phrase: str, **filled: object) -> str:
        """Give a phrase with its braces filled; KeyError if there is none."""
        return self.phrases[phrase].format(**filled)

    def sentence(self, english: str) -> str:
        """Give a sentence of the product, which it says in English, in this language.

        One that no catalogue holds, or one with a name before it, keeps its own words: the name
        stays, and what is not known is marked as English.
        """
        if self.language is Language.EN:
            return english
        name, _, rest = english.partition(" ")
        known = self._known(english)
        after_name = None if known or not rest else self._known(rest)
        return known or (f"{name} {after_name}" if after_name else f"{english} [en]")

    def known_sentence(self, english: str) -> str | None:
        """Give a sentence of the product, or one with a name before it; None if it is none."""
        said = self.sentence(english)
        return None if said.endswith(" [en]") else said

    def _known(self, english: str) -> str | None:
        for name, pattern in _patterns():
            if found := pattern.fullmatch(english):
                return self.sentences[name].format(**found.groupdict())
        return self.cell(english)


@cache
def words(language: Language) -> Words:
    """Give the catalogue of a language; the other one is not loaded."""
    if language == Language.ES:
        from fintech_factory.i18n import es

        return Words(language, es.COLUMNS, es.CELLS, es.PHRASES, es.SENTENCES, es.FINDINGS)
    from fintech_factory.i18n import en

    return Words(language, en.COLUMNS, en.CELLS, en.PHRASES, en.SENTENCES)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Turn the English sentences into patterns, those that say most first."""
    from fintech_factory.i18n.en import SENTENCES

    ordered = sorted(SENTENCES.items(), key=lambda each: -len(each[1]))
    return [
        (name, re.compile(_FILLED.sub(r"(?P<\1>.+?)", re.escape(text)))) for name, text in ordered
    ]
