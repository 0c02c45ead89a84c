"""What findings say to people: in Spanish too, and once where they stopped a publish."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.alerting.alert import AlertState, Move, Status, Transition
from fintech_factory.alerting.checking import load_alerting
from fintech_factory.alerting.inhibit import Causes, causes_of
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.match import Subject, subject_of
from fintech_factory.alerting.observation import Observation
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.app.channels import channels_of
from fintech_factory.i18n import es
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Text
from fintech_factory.pipeline.alert_background import Known, background
from fintech_factory.pipeline.alert_desk import Step
from fintech_factory.pipeline.alert_finding import finding_said, findings_said, reason_of
from fintech_factory.pipeline.alert_message import message_of
from fintech_factory.pipeline.observations import Scene, failed_run, seen
from fintech_factory.validation.findings import Found
from fintech_factory.values import Finding, Severity

ROOT = Path(__file__).resolve().parents[3]
AT, DAY = datetime(2026, 1, 5, 3, tzinfo=UTC), date(2026, 1, 4)
NOT_MET = "roll_forward_open: 1 month is off"


@pytest.fixture(scope="session")
def alerting(shipped_kpis: Definitions) -> Alerting:
    return load_alerting(ROOT / "config/alerts.yaml", shipped_kpis, channels_of(ROOT / "config"))


def found(code: str, message: str = "x") -> Found:
    return Found(Finding(code, Severity.CRITICAL, message), "check", "data")


# ---- in Spanish --------------------------------------------------------------------------------


def test_every_code_that_can_be_told_has_a_spanish_text() -> None:
    page = (ROOT / "docs/reference/findings.md").read_text(encoding="utf-8")
    _, _, of_runs = page.partition("## Of runs and of the clock")
    told = re.findall(r"^\| `(\w+)` \|", of_runs, re.MULTILINE)
    assert told
    assert sorted(es.FINDINGS) == sorted(told)


def test_a_finding_is_said_by_its_meaning_with_its_own_words_after_it() -> None:
    assert finding_said(NOT_MET) == Text(
        NOT_MET,
        "roll_forward_open: el saldo inicial más lo desembolsado menos el capital pagado no da el"
        " saldo final. Detalle en inglés: 1 month is off",
    )


def test_a_sentence_that_the_catalogue_holds_is_said_whole() -> None:
    english = "no export that speaks of 2026-01-04 has come by 03:00; the latest ends on 2026-01-02"
    said = finding_said(f"export_missing: {english}")
    assert said is not None
    assert said.es.startswith("export_missing: ")
    assert "2026-01-02" in said.es
    assert "inglés" not in said.es


def test_several_that_stopped_a_publish_are_each_said() -> None:
    reason = reason_of([found("rows_lost", "a; b: c"), found("table_gone", "loans")])
    said = findings_said(reason)
    assert said is not None
    assert said.en == reason == "rows_lost: a; b: c; table_gone: loans"
    assert "Detalle en inglés: loans" in said.es
    assert findings_said("disk: no room") is None
    assert findings_said("no room") is None


def test_the_message_of_a_finding_says_it_once_in_each_language(
    shipped_kpis: Definitions, alerting: Alerting
) -> None:
    state = AlertState(
        rule="critical_findings", opened_at=AT, changed_at=AT, dimension="finding",
        member="a1b2c3d4", reason=NOT_MET, as_of=DAY,
    )  # fmt: skip
    rule = alerting.rules["critical_findings"]
    moved = Transition(Move.FIRED, AT, LimitState.CRITICAL, 1, as_of=DAY, reason=NOT_MET)
    step = Step(rule, state, moved)
    message = message_of(rule, state, moved, background(step, Known(shipped_kpis)))
    assert message.summary.en == f"{NOT_MET}."
    assert message.summary.es.count("roll_forward_open") == 1
    assert "el saldo inicial más lo desembolsado" in message.summary.es


# ---- once --------------------------------------------------------------------------------------


def stopped(alerting: Alerting, *codes: str, live: tuple[str, ...] = ()) -> list[Observation]:
    blocking = tuple(found(each) for each in codes)
    scene = Scene("r1", DAY, DAY, DAY, "b1", blocking=blocking, live=live)
    return seen(alerting, scene, {Kind.PIPELINE})


def with_rule(alerting: Alerting, **said: object) -> Alerting:
    rule = replace(alerting.rules["critical_findings"], **said)  # type: ignore[arg-type]
    return replace(alerting, rules={**alerting.rules, rule.id: rule})


def test_a_publish_that_findings_stopped_is_a_member_of_its_own(alerting: Alerting) -> None:
    (one,) = stopped(alerting, "rows_lost", "table_gone")
    assert (one.member, one.severity) == ("publish", Severity.CRITICAL)
    assert one.reason == "rows_lost: x; table_gone: x"
    assert stopped(alerting) == []


@pytest.mark.parametrize(
    "said",
    [
        {"codes": ("rows_lost",)},
        {"levels": (LimitState.WARNING,)},
        {"level": LimitState.WARNING},
        {"kind": Kind.FRESHNESS},
    ],
)
def test_what_a_rule_on_findings_does_not_tell_as_critical_is_told_as_a_run(
    alerting: Alerting, said: dict[str, object]
) -> None:
    (one,) = stopped(with_rule(alerting, **said), "rows_lost", "table_gone")
    assert one.member == "run"


def test_what_is_over_of_a_run_ends_whichever_member_it_had(alerting: Alerting) -> None:
    live = tuple(f"pipeline_failed|pipeline={each}" for each in ("run", "publish"))
    ended = stopped(alerting, live=live)
    assert [(each.member, each.severity) for each in ended] == [("run", None), ("publish", None)]
    run, publish = stopped(alerting, "rows_lost", live=live)
    assert (run.severity, publish.severity) == (None, Severity.CRITICAL)


def causes(alerting: Alerting) -> Causes:
    state = AlertState(
        rule="critical_findings", opened_at=AT, changed_at=AT, dimension="finding",
        member="a1b2c3d4", level=LimitState.CRITICAL, status=Status.FIRING,
    )  # fmt: skip
    return causes_of([state], alerting.inhibitions, alerting.rules)


def subject(alerting: Alerting, seen_: Observation) -> Subject:
    rule: Rule = alerting.rules["pipeline_failed"]
    state = AlertState(
        rule=rule.id, opened_at=AT, changed_at=AT, dimension=seen_.dimension, member=seen_.member
    )
    return subject_of(rule, state, LimitState.CRITICAL)


def test_findings_that_are_told_withhold_that_they_stopped_the_publish_and_nothing_else(
    alerting: Alerting,
) -> None:
    (blocked,) = stopped(alerting, "rows_lost")
    failed = failed_run(alerting.rules["pipeline_failed"], "r2", DAY, "the disk is full")
    inhibited = causes(alerting).inhibit(subject(alerting, blocked))
    assert inhibited is not None
    assert inhibited[0].name == "stopped_by_findings"
    assert causes(alerting).inhibit(subject(alerting, failed)) is None
    assert Causes().inhibit(subject(alerting, blocked)) is None
