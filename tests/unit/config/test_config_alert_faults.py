"""Every alerts.*.yml in tests/config is named after its fault and says what is expected of it."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from fintech_factory.alerting.address import MEDIA
from fintech_factory.alerting.checking import Beside, check_alerts, load_alerting, read_alerting
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.match import Subject
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.app import config_models
from fintech_factory.app.channels import channels_of, places_of
from fintech_factory.config import check_workspace, load
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine import Definitions
from fintech_factory.values import Problem

FIXTURES = Path(__file__).parents[2] / "config"
GOOD = FIXTURES / "alerts.good.yml"
FAULTY = sorted(path for path in FIXTURES.glob("alerts.*.yml") if path != GOOD)
EXPECTED = re.compile(
    r"^# expect (?P<line>\d+):(?P<column>\d+) (?P<message>.+?)(?: \| (?P<hint>.+))?$", re.MULTILINE
)
# Those of the KPIs' own rules.
_EVERY = ["par_90", "portfolio_health", "collection_rate", "unavailable"]
_ON = {"slack", "email", "sms", "inbox"}


def channels(text: str) -> dict[str, bool]:
    """Slack, mail, SMS and the inbox are on, as far as the fixture says nothing else."""
    on, off = (
        {
            name
            for found in re.findall(rf"^# {key}: (.+)$", text, re.MULTILINE)
            for name in found.split()
        }
        for key in ("on", "off")
    )
    return {name: name in (_ON | on) - off for name in MEDIA}


def places(text: str) -> dict[str, list[str]]:
    """Give the names of a channel's places, as far as the fixture says any."""
    found = re.findall(r"^# places of (\w+):(.*)$", text, re.MULTILINE)
    return {channel: names.split() for channel, names in found}


def problems_of(path: Path, definitions: Definitions) -> Sequence[Problem]:
    text = path.read_text(encoding="utf-8")
    try:
        loaded = load(path, AlertSettings)
        named = re.findall(r"^# runbooks: (.+)$", text, re.MULTILINE)
        if named or places(text):
            known = [*named[0].split()] if named else _EVERY
            return check_alerts(loaded, definitions, channels(text), Beside(places(text), known))
        read_alerting(loaded, definitions, channels(text))
    except ConfigError as wrong:
        return wrong.problems
    return ()


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem.removeprefix("alerts."))
def test_a_faulty_file_reports_exactly_its_faults_each_at_its_place(
    path: Path, shipped_kpis: Definitions
) -> None:
    expected = [
        (int(each["line"]), int(each["column"]), each["message"], each["hint"] or "")
        for each in EXPECTED.finditer(path.read_text(encoding="utf-8"))
    ]
    assert expected, "the fixture says nothing of what it expects"
    found = [
        (each.line, each.column, each.message, each.hint)
        for each in problems_of(path, shipped_kpis)
    ]
    assert found == expected


def test_there_are_faulty_files_and_a_good_one(shipped_kpis: Definitions) -> None:
    assert len(FAULTY) >= 80
    known = channels("# off: sms")
    alerting = load_alerting(GOOD, shipped_kpis, known)
    assert alerting.rules["par_90"].for_ == 2
    assert alerting.rules["par_90"].reachable == (LimitState.WARNING, LimitState.CRITICAL)
    assert alerting.rules["par_90_by_entity"].members == ("North",)
    assert "collection_rate" not in alerting.rules
    late, very_late = alerting.rules["late"], alerting.rules["very_late"]
    assert [each.within.total_seconds() for each in (late, very_late)] == [120, 300]
    assert late.reachable == (LimitState.WARNING, LimitState.CRITICAL)
    north = Subject("par_90_by_entity", Kind.KPI, LimitState.CRITICAL, "entity", "North")
    assert [each.name for each in alerting.routes_of(north)] == ["north", "grave"]


def test_nothing_is_said_of_channels_that_nobody_knows_of(shipped_kpis: Definitions) -> None:
    path = FIXTURES / "alerts.critical-route-to-a-channel-that-is-off.yml"
    assert check_alerts(load(path, AlertSettings), shipped_kpis) == []


def test_rules_and_routes_are_not_looked_into_where_the_kpis_are_wrong() -> None:
    path = FIXTURES / "alerts.rule-on-unknown-kpi.yml"
    assert check_alerts(load(path, AlertSettings), None) == []


# ---- the shipped file --------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path, empty_workspace: Path) -> Workspace:
    shutil.copytree(empty_workspace, tmp_path / "workspace")
    return Workspace(tmp_path / "workspace")


def edit(workspace: Workspace, before: str, after: str) -> None:
    path = workspace.config / "alerts.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def of_alerts(workspace: Workspace) -> list[Problem]:
    found = check_workspace(workspace, config_models(workspace))
    return [each for each in found if each.path.endswith("alerts.yaml")]


def test_the_shipped_settings_are_fine(workspace: Workspace) -> None:
    assert of_alerts(workspace) == []


def test_a_critical_route_to_a_channel_that_nobody_knows_to_be_off_is_refused(
    workspace: Workspace,
) -> None:
    """Without SMS in the list: a breach's and PAR 90's critical route, and every escalation."""
    edit(workspace, "channels_off: [slack, email, sms,", "channels_off: [slack, email,")
    found = of_alerts(workspace)
    assert {each.message.partition(": ")[2] for each in found} == {
        "what is critical goes to the channel `sms`, which is off"
    }
    assert {each.message.partition(": ")[0] for each in found} == {
        "compliance", "par_90_critical", "escalation.critical", "escalation.executive",
        "escalation.compliance", "escalation.pipeline",
    }  # fmt: skip
    assert all(each.line > 1 and each.hint for each in found)


def test_only_a_file_that_says_so_switches_a_channel_on(workspace: Workspace) -> None:
    folder = workspace.config / "integrations"
    for path in folder.glob("*.yaml"):
        if path.stem in MEDIA:
            path.unlink()
    assert {name for name, is_on in channels_of(workspace.config).items() if is_on} == {
        "inbox",
        "file",
    }
    (folder / "slack.yaml").write_text("enabled: true\n", encoding="utf-8")
    (folder / "email.yaml").write_text("enabled: false\n", encoding="utf-8")
    (folder / "sms.yaml").write_text("kind: sms\n", encoding="utf-8")
    (folder / "file.yaml").write_text("enabled: false\n", encoding="utf-8")
    on = channels_of(workspace.config)
    assert [on[name] for name in ("slack", "email", "sms", "file", "inbox")] == [
        True, False, False, False, True,
    ]  # fmt: skip
    found = of_alerts(workspace)
    assert [each.message for each in found] == [
        "channels_off: `slack` is switched on",
        "compliance: what is critical goes to the channel `file`, which is off",
    ]


def test_a_webhook_is_told_by_the_name_of_an_endpoint_there_is(workspace: Workspace) -> None:
    """The one that is shipped has none yet; as soon as it has, the name must be among them."""
    path = workspace.config / "integrations/webhook.yaml"
    shipped = path.read_text(encoding="utf-8")
    assert places_of(workspace.config) == {"apprise": (), "notion": (), "webhook": ()}
    assert of_alerts(workspace) == []
    endpoint = "{url: https://ops.example.com/alerts, secret: {env: S}}"
    for name in ("operations", "ops"):
        said = f"endpoints:\n  {name}: {endpoint}"
        path.write_text(shipped.replace("endpoints: {}", said), encoding="utf-8")
        found = [each.message for each in of_alerts(workspace)]
        wrong = ["everyone.to.3.address: unknown endpoint `operations`"]
        assert found == ([] if name == "operations" else wrong)
    path.write_text("endpoints: [", encoding="utf-8")
    assert of_alerts(workspace)[0].message == "channels_off: `webhook` is switched on"


def test_limits_stand_nowhere_but_in_the_definitions(shipped_kpis: Definitions) -> None:
    alerting = load_alerting(GOOD, shipped_kpis, channels("# off: sms"))
    assert alerting.rules["par_90_by_entity"].limits == shipped_kpis.kpis["par_90"].limits


def test_every_kpi_with_limits_has_a_rule_by_its_id_and_one_for_its_missing_figure(
    shipped_kpis: Definitions,
) -> None:
    config = FIXTURES.parents[1] / "config"
    alerting = load_alerting(config / "alerts.yaml", shipped_kpis, channels_of(config))
    limited = [kpi.id for kpi in shipped_kpis.kpis.values() if kpi.limits.steps]
    assert limited
    for kpi in limited:
        assert alerting.rules[kpi].subject == kpi
        assert alerting.rules[f"{kpi}.unavailable"].kind is Kind.UNAVAILABLE
    # Health below 50 has no severity in the specification; it is a warning (A8).
    assert alerting.rules["portfolio_health"].reachable == (LimitState.WARNING,)
    # A KPI past its limit is no compliance breach (A10).
    assert [each.id for each in alerting.rules.values() if each.compliance] == ["covenants"]
