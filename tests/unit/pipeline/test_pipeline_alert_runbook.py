"""What a message says of its rule's runbook: the first steps, and a link that leads somewhere."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.alerting.alert import AlertState, Move, Status, Transition
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.app.runbooks import runbooks_of
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Link, Text
from fintech_factory.pipeline.alert_background import Background, Known, background
from fintech_factory.pipeline.alert_desk import Step

RUNBOOKS = runbooks_of(Path(__file__).resolve().parents[3] / "config").found
AT, DAY = datetime(2026, 1, 5, 3, tzinfo=UTC), date(2026, 1, 4)


def said(
    definitions: Definitions,
    runbook: str = "export_missing",
    *,
    public_url: str = "",
    status: Status = Status.FIRING,
) -> Background:
    rule = Rule("late", Kind.FRESHNESS, runbook=runbook)
    state = AlertState(
        rule="late", opened_at=AT, changed_at=AT, status=status, dimension="source",
        member="cascade", as_of=DAY, ended_at=None if status is Status.FIRING else AT,
    )  # fmt: skip
    step = Step(rule, state, Transition(Move.FIRED, AT, LimitState.WARNING, 1, as_of=DAY))
    return background(step, Known(definitions, runbooks=RUNBOOKS, public_url=public_url))


def lines(text: Text | None) -> tuple[list[str], list[str]]:
    assert text is not None
    return text.en.splitlines(), text.es.splitlines()


def test_a_message_says_the_first_steps_in_both_languages_before_where_to_look(
    shipped_kpis: Definitions,
) -> None:
    english, spanish = lines(said(shipped_kpis).next_step)
    assert english[:5] == [
        "1. Look whether it lies in inbox/ and was refused: factory findings",
        "2. Ask whoever sends it whether it was sent, and when it will be.",
        "3. Take it in once it is there: factory ingest cascade PATH, then factory run",
        "Runbook: factory alerts runbook late",
        "Look: factory findings; once it is there: factory ingest cascade PATH",
    ]
    assert spanish[0] == "1. Vea si está en inbox/ y fue rechazada: factory findings"
    assert spanish[3] == "Guía: factory alerts runbook late --language es"
    assert spanish[4].startswith("Revisar: ")


def test_there_is_a_link_only_where_it_leads_somewhere(shipped_kpis: Definitions) -> None:
    base = "https://factory.lender.example"
    assert said(shipped_kpis).runbook is None
    there = said(shipped_kpis, public_url=base).runbook
    assert there == Link(Text("Runbook", "Guía"), f"{base}/runbooks/export_missing")
    assert said(shipped_kpis, "gone", public_url=base).runbook is None


def test_a_page_elsewhere_is_linked_and_has_no_steps_here(shipped_kpis: Definitions) -> None:
    told = said(shipped_kpis, "https://wiki.lender.example/late")
    assert told.runbook is not None
    assert told.runbook.url == "https://wiki.lender.example/late"
    assert lines(told.next_step)[0][0].startswith("Look: ")


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_what_has_ended_asks_for_nothing(shipped_kpis: Definitions, status: Status) -> None:
    assert said(shipped_kpis, status=status).next_step is None
