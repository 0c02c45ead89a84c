"""What a department's message of a day says, and what it may never say."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting_built import AS_OF, BEFORE, department, missing, morning, reading

from fintech_factory.alerting.rule import Kind
from fintech_factory.distribution.rendering import lay_out, text_of
from fintech_factory.kpi_engine import Definitions
from fintech_factory.kpi_engine.readings import Status
from fintech_factory.message import Fact, Language, Message, Text
from fintech_factory.reporting.daily_message import daily_message, spoken
from fintech_factory.reporting.morning import CovenantStanding, OpenAlert, OpenFinding
from fintech_factory.values import LimitState, Severity, Unit


def written(message: Message, language: Language = Language.EN) -> str:
    subject, text = text_of(lay_out(message, language))
    return f"{subject}\n{text}"


def alert(
    title: str = "PAR 90", kpi: str = "par_90", kind: str = "kpi", **more: object
) -> OpenAlert:
    given = {
        "level": LimitState.CRITICAL,
        "since": datetime(2025, 12, 8, tzinfo=UTC),
        **more,
    }
    return OpenAlert(kind, kpi, Text.same(title), **given)  # type: ignore[arg-type]


def test_a_figure_has_its_unit_limits_change_and_state(shipped_kpis: Definitions) -> None:
    said = written(daily_message(department(), morning(shipped_kpis, before={"par_90": "4.5"})))
    assert "[Report] Risk daily, 10 Dec 2025" in said
    assert "PAR 90: 5.46 %  ✖ Critical  (limits 3 · 5 · 8 %; +0.96 points since 9 Dec 2025)" in said
    assert "PAR 90 rose to 5.46 %." in said
    assert "Outstanding: $1,000.00" in said


def test_the_same_in_spanish(shipped_kpis: Definitions) -> None:
    message = daily_message(department(), morning(shipped_kpis, before={"par_90": "6"}))
    said = written(message, Language.ES)
    assert "[Informe] Riesgo, informe diario, 10 dic 2025" in said
    assert "(límites 3 · 5 · 8 %; -0.54 puntos desde el 9 dic 2025)" in said
    assert "Cartera en riesgo 90 bajó a 5.46 %." in said


def test_what_is_shown_alike_has_not_changed(shipped_kpis: Definitions) -> None:
    said = written(
        daily_message(
            department(), morning(shipped_kpis, {"par_90": "2.001"}, before={"par_90": "2.004"})
        )
    )
    assert "PAR 90 is unchanged at 2.00 %." in said
    assert "unchanged since 9 Dec 2025" in said


def test_a_figure_just_past_its_limit_is_not_shown_as_the_limit(shipped_kpis: Definitions) -> None:
    said = written(daily_message(department(), morning(shipped_kpis, {"par_90": "5.0000001"})))
    assert "PAR 90: 5.0000001 %  ✖ Critical" in said


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"value": None, "reason": "the book has no loan to measure here"}, "no loan to measure"),
        ({"value": "7", "status": Status.WITHHELD}, "withheld: the two engines do not agree"),
        ({"value": "7", "on": BEFORE}, "not computed for this date"),
    ],
)
def test_what_is_not_known_is_na_with_its_reason_and_never_zero_or_old(
    shipped_kpis: Definitions, more: dict[str, object], why: str
) -> None:
    found = reading(shipped_kpis, "par_90", **more)  # type: ignore[arg-type]
    known = replace(morning(shipped_kpis), readings={"par_90": found})
    said = written(daily_message(department("par_90"), known))
    assert re.search(rf"- PAR 90: n/a  \(.*{why}", said)
    assert "7.00" not in said


def test_a_kpi_whose_source_is_not_connected_says_which(shipped_kpis: Definitions) -> None:
    message = daily_message(department("win_rate"), morning(shipped_kpis))
    assert "n/a  (needs hubspot)" in written(message)
    assert "n/d  (necesita hubspot)" in written(message, Language.ES)


def test_without_figures_it_says_why_and_shows_none(shipped_kpis: Definitions) -> None:
    known = replace(morning(shipped_kpis), missing=missing("the export is late", "it was refused"))
    message = daily_message(department(), known)
    assert message.severity is Severity.WARNING
    assert (message.as_of, message.data_through) == (None, None)
    assert not any(isinstance(each.value, Decimal) for each in message.facts)
    said = written(message)
    assert "[Warning · Report] Risk daily: no figures for 10 Dec 2025" in said
    assert "The export is late.\nIt was refused.\n" in said
    assert "The last figures that were published are of 9 Dec 2025" in said
    assert "5.46" not in said


def test_figures_that_follow_say_that_they_were_missing(shipped_kpis: Definitions) -> None:
    known = morning(shipped_kpis)
    assert "that were missing" in written(daily_message(department(), known, follows=True))
    assert "that were missing" not in written(daily_message(department(), known))


def test_only_alerts_of_its_concern_are_listed_the_gravest_first(
    shipped_kpis: Definitions,
) -> None:
    alerts = (
        alert("Outstanding", "outstanding", level=LimitState.WARNING, has_owner=True),
        alert(),
        alert("Win rate", "win_rate"),
        alert("Late export", "", "freshness"),
        alert("Failed delivery", "", "delivery"),
    )
    mine = department(alerts=frozenset({Kind.DELIVERY}))
    said = written(daily_message(mine, morning(shipped_kpis, alerts=alerts)))
    listed = re.findall(r"^- (.+): since", said, re.MULTILINE)
    assert listed == ["Failed delivery", "PAR 90", "Outstanding"]
    assert "Open alerts: 3, without an owner: 2." in said
    assert said.count("nobody has answered") == 2


def test_more_than_anybody_reads_is_counted(shipped_kpis: Definitions) -> None:
    alerts = tuple(alert(f"PAR {number:02}") for number in range(14))
    said = written(daily_message(department(), morning(shipped_kpis, alerts=alerts)))
    assert "PAR 09" in said
    assert "PAR 10" not in said
    assert "and 4 more" in said


def test_findings_are_those_that_the_department_answers_for(shipped_kpis: Definitions) -> None:
    findings = tuple(
        OpenFinding(owner[:4], owner, "drift", Text.same(f"of {owner}"), LimitState.WARNING)
        for owner in ("risk", "finance")
    )
    known = morning(shipped_kpis, findings=findings)
    said = written(daily_message(department(), known))
    assert "of risk: risk  ▲ Warning" in said
    assert "of finance" not in said
    assert "of risk" not in written(daily_message(department(findings=False), known))


def test_compliance_sees_breaches_and_the_headroom_of_each_covenant(
    shipped_kpis: Definitions,
) -> None:
    covenant = CovenantStanding(
        Text.same("PAR 30 (line)"),
        (
            Fact(Text.same("PAR 30"), Decimal(4), unit=Unit.PERCENT, state=LimitState.NONE),
            Fact(Text("Headroom", "Holgura"), Decimal(6), unit=Unit.PERCENT),
            Fact(Text.same("Days to breach"), None, unit=Unit.DAYS),
        ),
    )
    breach = alert("Covenant line/par_30", "", "covenant", compliance=True)
    known = morning(shipped_kpis, alerts=(breach,), covenants=(covenant,))
    mine = department(compliance=True, alerts=frozenset({Kind.COVENANT}))
    said = written(daily_message(mine, known))
    assert "Open breaches\n- Covenant line/par_30: since 8 Dec 2025  ✖ Critical" in said
    assert "- PAR 30 (line): 4.00 %  ✓ Healthy  (Headroom 6.00 %)" in said
    assert said.count("Covenant line/par_30") == 1
    well = written(daily_message(mine, morning(shipped_kpis, covenants=(covenant,))))
    assert "- No breach is open: ✓" in well
    none = written(daily_message(mine, morning(shipped_kpis)))
    assert "No breach is open" not in none
    assert "- No covenant is set up: -" in none
    late = written(daily_message(mine, morning(shipped_kpis, missing=missing())))
    assert "No breach is open" not in late
    assert "Open breaches" not in written(daily_message(department(), known))


def test_breaches_are_told_without_figures_too(shipped_kpis: Definitions) -> None:
    breach = alert("Covenant line/par_30", "", "covenant", compliance=True)
    known = morning(shipped_kpis, alerts=(breach,), missing=missing())
    said = written(daily_message(department(compliance=True), known))
    assert "Covenant line/par_30: since 8 Dec 2025" in said


def test_it_says_how_old_the_data_are_and_when_they_are_stale(shipped_kpis: Definitions) -> None:
    stale = Text("a later run was blocked", "una ejecución posterior se detuvo")
    said = written(daily_message(department(), morning(shipped_kpis, stale=stale)))
    assert "- Age of the data: 6 hours" in said
    assert "not what it should be by now: a later run was blocked." in said
    assert "by now" not in written(daily_message(department(), morning(shipped_kpis)))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("71.94", "Age of the data: 71.9 hours"),
        ("72", "Age of the data: 3 days"),
        ("8426.2", "Age of the data: 351.1 days"),
    ],
)
def test_an_age_that_nobody_counts_in_hours_is_told_in_days(
    shipped_kpis: Definitions, hours: str, said: str
) -> None:
    known = morning(shipped_kpis, age_hours=Decimal(hours))
    assert f"- {said}\n" in written(daily_message(department(), known))


def test_why_the_data_are_stale_is_said_in_both_languages() -> None:
    one = (
        "the export of 2025-12-11 was expected by 2025-12-12 03:30 UTC;"
        " the latest ends on 2025-12-10"
    )
    both = spoken(one, "somebody's own words")
    assert both.en == f"{one}; somebody's own words"
    assert both.es == (
        "la exportación del 2025-12-11 se esperaba antes del 2025-12-12 03:30 UTC;"
        " la última termina el 2025-12-10; somebody's own words"
    )


@given(
    days=st.lists(st.sampled_from([AS_OF, BEFORE]), min_size=3, max_size=3),
    values=st.lists(st.decimals(1, 99, places=3), min_size=3, max_size=3),
    late=st.booleans(),
    follows=st.booleans(),
)
def test_no_figure_of_a_message_is_of_another_date_than_the_message(
    shipped_kpis: Definitions,
    days: list[object],
    values: list[Decimal],
    late: bool,  # noqa: FBT001 - drawn
    follows: bool,  # noqa: FBT001 - drawn
) -> None:
    names = ("par_90", "par_30", "outstanding")
    readings = {
        name: reading(shipped_kpis, name, str(value), on)  # type: ignore[arg-type]
        for name, value, on in zip(names, values, days, strict=True)
    }
    known = replace(morning(shipped_kpis), readings=readings, missing=missing() if late else None)
    message = daily_message(department(*names), known, follows=follows)
    told = {each.label.en: each for each in message.facts if isinstance(each.value, Decimal)}
    for name in names:
        kpi = shipped_kpis.get(name)
        is_of_the_day = readings[name].as_of == AS_OF and not late
        assert (kpi.title.en in told) is is_of_the_day
        if is_of_the_day:
            assert told[kpi.title.en].as_of == message.as_of == AS_OF
            assert told[kpi.title.en].value == readings[name].value
