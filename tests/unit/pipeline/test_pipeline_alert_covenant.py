"""How a covenant stands, in words and figures: headroom, since when, days to breach."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from fintech_factory.analytics.breach import Course, Outlook
from fintech_factory.message import Language
from fintech_factory.pipeline.alert_covenant import covenant_facts, covenant_words
from fintech_factory.views.facilities.covenants import BOOK, BREACH, WARNING, Covenant
from fintech_factory.views.facilities.facts import Figure

# PAR 90 stands at 4.256 %; 5 % is agreed; by the roll rates it gets there in 31 days.
NEAR = Covenant(
    facility="line",
    id="par_90",
    title_en="PAR 90",
    title_es="Cartera en riesgo 90",
    financial=False,
    figure="par_90",
    unit="percent",
    direction="at_most",
    found=Figure(Decimal("4.256")),
    warning=Decimal(4),
    breach=Decimal(5),
    state=WARNING,
    breach_since=None,
    outlook=Outlook(next(iter(Course)), 31),
    method="roll rates",
    basis=BOOK,
)
PAST = replace(NEAR, found=Figure(Decimal("5.001")), state=BREACH, breach_since=date(2025, 12, 10))


def test_a_covenant_says_what_is_agreed_its_headroom_and_its_days_to_breach() -> None:
    assert covenant_words(NEAR, Language.EN) == (
        "PAR 90 is 4.26 %; at most 5 % is agreed, headroom 0.74 %."
        " At the present pace it is breached in 31 days."
    )
    assert covenant_words(NEAR, Language.ES) == (
        "Cartera en riesgo 90 es 4.26 %; se acordó como máximo 5 %, holgura 0.74 %."
        " Al ritmo actual se incumple en 31 días."
    )


def test_a_breach_says_since_when_and_is_not_rounded_onto_its_trigger() -> None:
    assert covenant_words(PAST, Language.EN) == (
        "PAR 90 is 5.001 %; at most 5 % is agreed, headroom -0.001 %. Breached since 10 Dec 2025."
    )


def test_a_figure_that_is_not_known_is_no_zero() -> None:
    absent = replace(
        NEAR, found=Figure(None, "needs statements"), outlook=Outlook(NEAR.outlook.course)
    )
    assert covenant_words(absent, Language.EN) == "PAR 90 is not known: needs statements."
    assert next(iter(covenant_facts(absent, "USD"))).value is None


def test_money_is_written_with_its_currency_and_a_floor_as_a_floor() -> None:
    cash = replace(
        NEAR, unit="money", direction="at_least", breach=Decimal(1000), found=Figure(Decimal(1250))
    )
    said = covenant_words(cash, Language.EN, "USD")
    assert said.startswith("PAR 90 is $1,250.00; at least $1,000 is agreed, headroom $250.00.")
