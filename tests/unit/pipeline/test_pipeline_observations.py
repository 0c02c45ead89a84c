"""What a rule sees: the same again is a rerun, whatever stands otherwise is looked at anew."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.alerting.alert import Move
from fintech_factory.alerting.evaluate import Said, Verdict, evaluate
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.observation import Observation, Past
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting, Route
from fintech_factory.analytics.breach import Course, Outlook
from fintech_factory.pipeline.observations import Scene, seen
from fintech_factory.views.facilities.covenants import (
    BOOK,
    BREACH,
    OK,
    UNAVAILABLE,
    Covenant,
)
from fintech_factory.views.facilities.facts import Figure

AT = datetime(2025, 12, 11, 3, tzinfo=UTC)
DAY = date(2025, 12, 10)
RULE = Rule("covenants", Kind.COVENANT, compliance=True)

# PAR 90 stands at 0.3 %, well within the 5 % that are agreed.
WITHIN = Covenant(
    facility="line",
    id="par_90",
    title_en="PAR 90",
    title_es="Cartera en riesgo 90",
    financial=False,
    figure="par_90",
    unit="percent",
    direction="at_most",
    found=Figure(Decimal("0.3")),
    warning=Decimal(4),
    breach=Decimal(5),
    state=OK,
    breach_since=None,
    outlook=Outlook(next(iter(Course))),
    method="roll rates",
    basis=BOOK,
)


def look(covenant: Covenant) -> Observation:
    scene = Scene("run", DAY, DAY, DAY, "cascade-1", covenants=(covenant,))
    alerting = Alerting({RULE.id: RULE}, (), _nowhere(), directory=None)  # type: ignore[arg-type]
    (found,) = seen(alerting, scene)
    return found


def _nowhere() -> Route:
    return Route("default", Match(), ("desk",))


def after(first: Covenant, then: Covenant) -> Verdict:
    """Judge one look at an export after another look at the same export."""
    earlier, now = look(first), look(then)
    past = Past(earlier.cut_on, judged=earlier.batch_set == now.batch_set)
    return evaluate(RULE, now, evaluate(RULE, earlier, None, AT).state, AT, past)


def test_a_trigger_that_is_agreed_anew_is_judged_over_the_same_export() -> None:
    agreed = replace(WITHIN, warning=Decimal("0.1"), breach=Decimal("0.2"), state=BREACH)
    verdict = after(WITHIN, agreed)
    assert verdict.state is not None
    assert verdict.state.compliance
    assert [each.kind for each in verdict.transitions] == [Move.FIRED]


def test_a_statement_that_comes_after_the_export_is_judged() -> None:
    unknown = replace(WITHIN, found=Figure(None, "needs statements"), state=UNAVAILABLE)
    known = replace(WITHIN, found=Figure(Decimal(6)), state=BREACH, period_end=DAY)
    assert [each.kind for each in after(unknown, known).transitions] == [Move.FIRED]


@pytest.mark.parametrize(
    "changed",
    [
        {"found": Figure(Decimal("0.4"))},
        {"warning": Decimal(3)},
        {"breach": Decimal(6)},
        {"figure": "par_30"},
        {"direction": "at_least"},
        {"period_end": DAY},
        {"state": UNAVAILABLE},
    ],
)
def test_whatever_a_covenant_is_judged_by_is_looked_at_anew(changed: dict[str, Any]) -> None:
    assert after(WITHIN, replace(WITHIN, **changed)).said is not Said.RERUN


def test_a_covenant_that_stands_as_it_did_is_a_rerun() -> None:
    nearer = replace(WITHIN, outlook=Outlook(WITHIN.outlook.course, 31))
    assert after(WITHIN, nearer).said is Said.RERUN
