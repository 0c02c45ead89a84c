"""Both languages say the same things, and nothing falls back to English without a word."""

import re
import string
from collections.abc import Mapping
from pathlib import Path

import pytest

import fintech_factory
from fintech_factory.analytics.breach import Course
from fintech_factory.analytics.statement_ratios import FORMULAS as RATIO_FORMULAS
from fintech_factory.analytics.statement_ratios import RATIOS
from fintech_factory.analytics.xirr import NoYield
from fintech_factory.i18n import LANGUAGES, Language, en, es, words
from fintech_factory.values import LimitState, Unit
from fintech_factory.views.facilities.standing import FIGURES
from fintech_factory.views.facilities.standing import FORMULAS as STANDING_FORMULAS

KINDS = ("COLUMNS", "CELLS", "PHRASES", "SENTENCES")
SOURCE = Path(fintech_factory.__file__).parent
# Written alike in both languages.
ALIKE = re.compile(
    r"(MDR|SMM|CDR( \d+m)?|CPR( \d+m)?|HHI|KPI|PAR \d+|RDR 90|base|principal|contractual|total|no"
    r"|[Cc]ovenants?|\{name\} = \{formula\}|\{formula\}, fintech-factory \{version\})"
)


def both(kind: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return getattr(en, kind), getattr(es, kind)


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_both_catalogues_have_the_same_keys_and_fill_in_the_same(kind: str) -> None:
    english, spanish = both(kind)
    assert list(english) == list(spanish)
    for key, text in english.items():
        assert braces(text) == braces(spanish[key]), key


@pytest.mark.parametrize("kind", KINDS)
def test_no_spanish_text_is_the_english_one(kind: str) -> None:
    english, spanish = both(kind)
    same = [key for key, text in english.items() if spanish[key] == text]
    assert [key for key in same if not ALIKE.fullmatch(english[key])] == []
    assert all(text.strip() for text in (*english.values(), *spanish.values()))


def test_an_english_label_is_its_columns_name_with_spaces() -> None:
    """So that `--where` can be given what stands over the table."""
    for name, label in en.COLUMNS.items():
        assert label.casefold().replace(" ", "_") == name


def test_every_sentence_is_one_that_the_product_says() -> None:
    """What stands between the braces is found in the source: a changed wording is told here."""
    files = [path for path in SOURCE.rglob("*.py") if "i18n" not in path.parts]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    # Literals that follow each other are one text, and so are the constants that others hold.
    joined = re.sub(r'"\s*\n?\s*f?"', "", text).replace("{DUST}", "less than one unit of money")
    breaks = re.compile(
        r"\{\w+\}|(?<=facilities/): |(?<=statements): |: the newest cash is of |, after |, before "
        r"|, and | percentage of "
    )
    for each in en.SENTENCES.values():
        lost = [said for said in breaks.split(each) if said.strip(" ,:`") not in joined]
        assert lost == [], each


def test_a_sentence_is_read_back_whatever_fills_it() -> None:
    spanish = words("es")
    for name, text in en.SENTENCES.items():
        filled = {brace: f"<{brace}>" for brace in braces(text)}
        assert spanish.sentence(text.format(**filled)) == es.SENTENCES[name].format(**filled)
        assert words("en").sentence(text) == text
    assert spanish.sentence("line the pool is empty") == "line la cartera cedida está vacía"


def test_what_no_catalogue_holds_is_marked_never_passed_off_as_spanish() -> None:
    spanish = words("es")
    assert spanish.sentence("a new reason") == "a new reason [en]"
    assert (spanish.column("a_new_column"), spanish.cell("a new word")) == (None, None)
    with pytest.raises(KeyError):
        spanish.say("a new phrase")


def test_ranges_are_the_same_figures_in_both_languages() -> None:
    spanish = words("es")
    for word, said in (
        ("0-10 days", "0-10 días"), ("181+ days", "181+ días"), ("31-60", "31-60"),
        ("181+", "181+"), ("10K-50K", "10K-50K"), ("2.5K-5K", "2.5K-5K"), ("25-50 %", "25-50 %"),
        ("3", "3"),
    ):  # fmt: skip
        assert (spanish.cell(word), words("en").cell(word)) == (said, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_code_can_say_has_a_word(language: Language) -> None:
    said = words(language)
    states = {each for each in LimitState if each is not LimitState.NONE}
    units = {*Unit, *(unit for unit, _ in FIGURES.values()), *(unit for unit, _ in RATIOS.values())}
    for word in {*Course, *states, *units, "ok", "warning", "breach", "unavailable"}:
        assert said.cell(word), word
    for sentence in (*NoYield, *STANDING_FORMULAS.values(), *RATIO_FORMULAS.values()):
        assert "[en]" not in said.sentence(sentence)
