"""Figures from outside the models: observed ones, and those whose source is not connected."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.errors import DefinitionError
from fintech_factory.kpi_engine import (
    Check,
    Definitions,
    Landed,
    Observed,
    Reading,
    RunQuery,
    Scope,
    Status,
    compare,
    evaluate,
    explain,
    read_observed,
    recompute,
)
from fintech_factory.testing import RULES
from fintech_factory.values import LimitState, Problem

MARCH, APRIL = date(2025, 3, 31), date(2025, 4, 30)
SCOPE = Scope((MARCH, APRIL), date(2025, 6, 15), date(2024, 1, 10), "run-1", ("batch-1",))
Define = Callable[..., Definitions]
OBSERVED: dict[str, str | None] = {
    "model": None,
    "part": None,
    "whole": None,
    "observed": "pass_rate",
    "see": "factory reconcile",
    "examples": "[{says: one, inputs: {part: 9, whole: 10}, value: 90}]",
}
NEEDS: dict[str, str | None] = {
    "model": None,
    "part": None,
    "whole": None,
    "needs": "hubspot",
    "examples": None,
}


def read(definitions: Definitions, seen: Observed | None) -> Reading:
    observed = {} if seen is None else {MARCH: {"pass_rate": seen}}
    reading, _ = read_observed(definitions, SCOPE, observed)
    return reading


def problem(define: Define, **kpis: Any) -> Problem:  # noqa: ANN401 - fields of a KPI
    with pytest.raises(DefinitionError) as caught:
        define(**kpis)
    (only,) = caught.value.problems
    return only


def test_a_share_is_divided_by_the_engine_and_held_against_its_limits(define: Define) -> None:
    kpi = {**OBSERVED, "direction": "bad_below", "limits": "{warning: 95, critical: 50}"}
    reading = read(define(base=kpi), Observed(part=Decimal(2), whole=Decimal(3)))
    assert reading.value == Decimal("66." + "6" * 31 + "7")
    assert (reading.part, reading.whole, reading.limit_state) == (2, 3, LimitState.WARNING)
    assert (reading.run_id, reading.batch_ids) == ("run-1", ("batch-1",))


def test_a_value_is_taken_as_it_was_observed(define: Define) -> None:
    kpi = {**OBSERVED, "unit": "hours", "examples": "[{says: one, inputs: {value: 6}, value: 6}]"}
    reading = read(define(base=kpi), Observed(value=Decimal("6.5")))
    assert (reading.value, reading.part, reading.whole) == (Decimal("6.5"), None, None)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (None, "nothing has observed it"),
        (Observed(reason="needs financial statements"), "needs financial statements"),
        (Observed(), "no figure was given"),
        (Observed(part=Decimal(0), whole=Decimal(0)), "the whole is 0"),
        (Observed(part=Decimal(1)), "the whole is not known"),
        (Observed(whole=Decimal(1)), "the part is not known"),
    ],
)
def test_what_was_not_observed_is_unavailable_and_says_why(
    define: Define, seen: Observed | None, reason: str
) -> None:
    reading = read(define(base=OBSERVED), seen)
    assert (reading.status, reading.value, reading.limit_state) == (Status.UNAVAILABLE, None, None)
    assert reading.reason.startswith(reason)


def test_a_date_outside_the_book_says_so_whatever_was_observed(define: Define) -> None:
    scope = Scope((date(2024, 1, 9),), date(2025, 6, 15), date(2024, 1, 10))
    seen = {date(2024, 1, 9): {"pass_rate": Observed(part=Decimal(1), whole=Decimal(1))}}
    (reading,) = read_observed(define(base=OBSERVED), scope, seen)
    assert (reading.value, reading.reason) == (None, "the book begins on 2024-01-10")


def test_every_date_has_a_reading_of_the_whole_book_only(define: Define) -> None:
    readings = read_observed(define(base=OBSERVED), SCOPE, {})
    assert [(each.as_of, each.dimension) for each in readings] == [(MARCH, ""), (APRIL, "")]


def test_no_engine_reads_it_and_comparing_never_calls_it_checked(
    define: Define, snapshot_of: Callable[..., RunQuery]
) -> None:
    definitions = define(base=OBSERVED, other={})
    first = evaluate(definitions, SCOPE, snapshot_of([{"outstanding": 1}]))
    second = recompute(definitions, SCOPE, Landed((), (), (), {}), RULES)
    assert {each.kpi for each in (*first, *second)} == {"other"}
    seen = read(definitions, Observed(part=Decimal(1), whole=Decimal(1)))
    judged = compare(definitions, (seen,), ())
    assert (judged, judged[0].check) == ((seen,), Check.NOT_RUN)


def test_an_observed_reading_opens_to_the_command_that_shows_it(define: Define) -> None:
    definitions = define(base=OBSERVED)
    opened = explain(definitions, read(definitions, None), {})
    assert (opened.query, opened.rows_query, opened.inputs) == (None, None, ())
    assert opened.as_json()["see"] == "factory reconcile"
    assert opened.as_json()["formula"] == "observed: pass_rate"


def test_what_needs_a_source_is_unavailable_from_both_engines_once_for_the_book(
    define: Define, snapshot_of: Callable[..., RunQuery]
) -> None:
    definitions = define(base={**NEEDS, "needs": "[hubspot, meta]"})
    first = evaluate(definitions, SCOPE, snapshot_of([{"outstanding": 1}]))
    second = recompute(definitions, SCOPE, Landed((), (), (), {}), RULES)
    assert [(each.status, each.reason) for each in first] == [
        (Status.UNAVAILABLE, "needs hubspot and meta")
    ] * 2
    assert first == second


@pytest.mark.parametrize("outside", [OBSERVED, NEEDS])
def test_a_formula_over_what_is_not_measured_is_refused_at_its_line(
    define: Define, formula: Callable[..., Any], outside: dict[str, str | None]
) -> None:
    found = problem(define, score=formula(formula="100 - base"), base=outside)
    text = Path(found.path).read_text(encoding="utf-8").splitlines()
    assert text[found.line - 1].strip() == "formula: 100 - base"
    assert found.message.startswith("score.formula: base is not measured on the book")


@pytest.mark.parametrize(
    ("kpi", "message"),
    [
        ({**OBSERVED, "see": None}, "base: it has observed"),
        ({**OBSERVED, "value": "sum(balance)"}, "base: it has value and observed and see"),
        ({**OBSERVED, "model": "loan_snapshot"}, "base.model: what is not measured on rows"),
        (
            {**OBSERVED, "examples": "[{says: one, inputs: {part: 9}, value: 90}]"},
            "base.examples.0: the inputs are `value`, or `part` and `whole`",
        ),
        (
            {**OBSERVED, "examples": "[{says: one, rows: [{}], inputs: {value: 1}, value: 1}]"},
            "base.examples.0.rows: an observed figure has no rows",
        ),
        ({**OBSERVED, "examples": None}, "base: it has no worked example"),
        ({**NEEDS, "examples": "[{says: one, value: 1}]"}, "base.examples: what cannot be known"),
        ({**NEEDS, "needs": "[]"}, "base.needs: no source is named"),
        ({"total": "sum(balance)"}, "base: it has part and whole and total"),
        (
            {"part": None, "whole": None, "total": "sum(balance)", "per": "count(*)"},
            "base.unit: a total per something is no percent",
        ),
    ],
)  # fmt: skip
def test_a_shape_that_is_none_is_refused(
    define: Define, kpi: dict[str, str | None], message: str
) -> None:
    assert problem(define, base=kpi).message.startswith(message)


def test_a_total_per_something_is_in_its_own_unit(
    define: Define, snapshot_of: Callable[..., RunQuery]
) -> None:
    size = {
        "part": None,
        "whole": None,
        "total": "sum(principal)",
        "per": "count(*)",
        "unit": "money",
        "examples": "[{says: one, rows: [{principal: 3}], value: 3}]",
    }
    rows = [{"principal": 10}, {"principal": 20}, {"principal": 11}]
    reading = evaluate(define(base=size), SCOPE, snapshot_of(rows))[0]
    assert (reading.part, reading.whole) == (41, 3)
    assert reading.value == Decimal("13." + "6" * 31 + "7")
