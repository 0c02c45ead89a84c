"""The questions of a facility give the same rows on DuckDB and in GoogleSQL's reference engine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from portability_book import AS_OFS
from portability_gate import Gate, bound
from portability_table import differences

from fintech_factory.kpi_engine import load_definitions
from fintech_factory.views.facilities.checking import load_facilities
from fintech_factory.views.facilities.path import rolled_parts
from fintech_factory.views.facilities.pool_sql import (
    cells_sql,
    ineligible_sql,
    loans_sql,
    parts_sql,
    tallies_sql,
)
from fintech_factory.views.facilities.terms import Facility

ROOT = Path(__file__).parents[2]
KPIS = ROOT / "config" / "kpis" / "kpi_definitions.yaml"

LINE = """
enabled: true
name: Line
lender: Lender
borrower: Borrower
currency: USD
begins_on: 2024-01-01
pool: principal > 0 and entity <> 'nobody'
commitment: [{from: 2024-01-01, amount: 1}]
drawn: [{from: 2024-01-01, amount: 1}]
advance_rate: [{from: 2024-01-01, percent: 80}]
eligibility:
  - {id: late, reason: {en: late, es: tarde}, exclude_when: dpd > 90}
  - {id: short, reason: {en: short, es: corto}, exclude_when: term_days < 15, from: 2024-06-01}
  - {id: large, reason: {en: large, es: grande}, exclude_when: principal * 2 > 9000.5}
  - {id: near, reason: {en: due, es: vence}, exclude_when: "days_to_maturity between -5 and 3"}
discounts:
  - from: 2024-01-01
    steps: [{from_dpd: 0, percent: 100}, {from_dpd: 1, percent: 33.333333}]
  - from: 2024-09-01
    steps: [{from_dpd: 0, percent: 97.5}, {from_dpd: 31, percent: 0}]
concentration:
  - {id: one, per: borrower, percent: 2}
  - {id: ten, per: top, largest: 10, percent: 30}
"""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Facility:
    config = tmp_path_factory.mktemp("config")
    (config / "facilities").mkdir()
    (config / "facilities" / "line.yaml").write_text(LINE, encoding="utf-8")
    (found,) = load_facilities(config, {})
    return found


@pytest.mark.parametrize("write", [tallies_sql, cells_sql, ineligible_sql])
def test_a_facilitys_question_is_answered_alike(
    gate: Gate, line: Facility, write: Callable[[Facility, int], str]
) -> None:
    sql = write(line, len(AS_OFS))
    ours = gate.ours(sql, AS_OFS)
    assert ours.rows, "a question without rows proves nothing"
    theirs = gate.pass_through(bound(sql, AS_OFS), write.__name__)
    assert differences(ours, theirs) == []


def test_the_loans_behind_a_row_are_found_alike(gate: Gate, line: Facility) -> None:
    sql, day = loans_sql(line), AS_OFS[-1:]
    theirs = gate.pass_through(bound(sql, day), "loans")
    assert differences(gate.ours(sql, day), theirs) == []


@pytest.mark.parametrize("of_pool", [False, True], ids=["of the book", "of a pool"])
def test_parts_by_ageing_state_are_summed_alike(gate: Gate, line: Facility, of_pool: bool) -> None:  # noqa: FBT001
    definitions = load_definitions(KPIS)
    parts = [rolled_parts(definitions.get(kpi)) for kpi in ("par_90", "par_90_incl_writeoff")]
    nodes = [node for pair in parts if pair is not None for node in pair]
    sql = parts_sql(nodes, len(AS_OFS), line if of_pool else None)
    ours = gate.ours(sql, AS_OFS)
    assert len(ours.rows) > len(AS_OFS)
    assert differences(ours, gate.pass_through(bound(sql, AS_OFS), "parts")) == []
