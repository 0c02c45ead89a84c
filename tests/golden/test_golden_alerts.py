"""The tape's month-ends through the real alert machine, in order; levels and steps, no figures.

`FACTORY_UPDATE_GOLDEN=1 pytest tests/golden` writes the text anew; read its diff.
"""

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.alerting.alert import Move
from fintech_factory.alerting.backtest import backtest, replay
from fintech_factory.alerting.checking import load_alerting
from fintech_factory.alerting.observation import Observation, Sight
from fintech_factory.alerting.rule import Rule
from fintech_factory.app.channels import channels_of
from fintech_factory.kpi_engine import Definitions

pytestmark = pytest.mark.tape
Document = Callable[..., Any]

HERE = Path(__file__).parent / "alerts"
CONFIG = Path(__file__).resolve().parents[2] / "config"
LAST_DAY = date(2025, 12, 10)
KPIS = ("par_90", "collection_rate", "portfolio_health")
MONTH_ENDS = 36


@pytest.fixture(scope="module")
def rules(shipped_kpis: Definitions) -> dict[str, Rule]:
    path = CONFIG / "alerts.yaml"
    return dict(load_alerting(path, shipped_kpis, channels_of(CONFIG)).rules)


@pytest.fixture(scope="module")
def observations(document: Document, tape_workspace: Path) -> dict[str, list[Observation]]:
    found = {}
    for kpi in KPIS:
        readings = document(tape_workspace, "kpi", "history", kpi)["readings"]
        found[kpi] = [
            _observation(kpi, each)
            for each in readings
            if date.fromisoformat(each["as_of"]) != LAST_DAY
        ]
    return found


def _observation(kpi: str, reading: dict[str, Any]) -> Observation:
    on = date.fromisoformat(reading["as_of"])
    return Observation(
        rule=kpi,
        as_of=on,
        data_through=min(on, LAST_DAY),
        batch_set="the tape",
        status=Sight(reading["status"]),
        value=None if reading["value"] is None else Decimal(reading["value"]),
    )


@pytest.mark.parametrize("kpi", KPIS)
def test_the_tape_would_have_alerted_as_it_did(
    kpi: str, rules: dict[str, Rule], observations: dict[str, list[Observation]]
) -> None:
    said = backtest(rules[kpi], observations[kpi])
    lines = [
        f"{each['as_of']} {each['level']:9} {each['transition'] or '-'}"
        for each in said["evaluations"]
    ]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    path = HERE / f"{kpi}.txt"
    if os.environ.get("FACTORY_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert said["counts"]["evaluations"] == MONTH_ENDS


def test_three_months_reach_the_executives_and_all_at_once(
    rules: dict[str, Rule], observations: dict[str, list[Observation]]
) -> None:
    """R095: strictly past 8 % on three month-ends, in one stretch: the executives are told once."""
    replayed = list(replay(rules["par_90"], observations["par_90"]))
    assert sum(each.level.value == "executive" for each in replayed) == 3
    told = [
        (each.observation.as_of.isoformat(), [step.step for step in each.transitions])
        for each in replayed
        if Move.ESCALATED in {step.kind for step in each.transitions}
    ]
    assert told == [("2024-06-30", [0, 2, 3])]


def test_the_specifications_collection_alert_never_fires(
    rules: dict[str, Rule], observations: dict[str, list[Observation]]
) -> None:
    counts = backtest(rules["collection_rate"], observations["collection_rate"])["counts"]
    assert (counts["none"], counts["transitions"]) == (MONTH_ENDS, {})


def test_nothing_is_unavailable_that_has_a_limit(
    rules: dict[str, Rule], observations: dict[str, list[Observation]]
) -> None:
    for kpi in KPIS:
        absent = [each.of_absence() for each in observations[kpi]]
        counts = backtest(rules[f"{kpi}.unavailable"], absent)["counts"]
        assert counts["none"] == MONTH_ENDS
