"""Every roles_and_outputs.*.yml in tests/config is named after its fault and says what it is."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from fintech_factory.alerting.address import MEDIA
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.app import config_models
from fintech_factory.config import check_workspace, load
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Language
from fintech_factory.reporting.checking import Around, check_roles, make_roles
from fintech_factory.reporting.department import DEPARTMENTS, Place
from fintech_factory.reporting.settings import RolesSettings
from fintech_factory.values import Problem
from fintech_factory.views.catalogue import Catalogue

FIXTURES = Path(__file__).parents[2] / "config"
GOOD = FIXTURES / "roles_and_outputs.good.yml"
FAULTY = sorted(path for path in FIXTURES.glob("roles_and_outputs.*.yml") if path != GOOD)
EXPECTED = re.compile(
    r"^# expect (?P<line>\d+):(?P<column>\d+) (?P<message>.+?)(?: \| (?P<hint>.+))?$", re.MULTILINE
)
ALERTS = AlertSettings.model_validate(
    {
        "channels_off": ["slack"],
        "default_receiver": "desk",
        "receivers": {
            "desk": {"to": [{"channel": "slack", "address": "#desk"}], "language": "es"},
            "everyone": {
                "to": [
                    {"channel": "slack", "address": "#desk"},
                    {"channel": "email", "address": "all@example.com"},
                ]
            },
        },
        "people": {
            "ana": {
                "name": "Ana",
                "language": "es",
                "addresses": {"email": "ana@example.com", "sms": "+15005550001"},
            },
            "bea": {"name": "Bea", "addresses": {"sms": "+15005550002"}},
        },
        "rotas": {
            "ops": {
                "begins_on": "2026-01-05",
                "shifts": [{"from": "monday 08:00", "to": "monday 08:00", "people": ["ana"]}],
            }
        },
    }
)
CHANNELS = {name: name not in {"notion", "slack"} for name in MEDIA}


def around(definitions: Definitions) -> Around:
    return Around(definitions.kpis, ALERTS, CHANNELS, Catalogue.names())


def problems_of(path: Path, definitions: Definitions) -> Sequence[Problem]:
    try:
        return check_roles(load(path, RolesSettings), around(definitions))
    except ConfigError as wrong:
        return wrong.problems


@pytest.mark.parametrize(
    "path", FAULTY, ids=lambda path: path.stem.removeprefix("roles_and_outputs.")
)
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


def test_a_good_file_says_who_is_told_where(shipped_kpis: Definitions) -> None:
    assert len(FAULTY) >= 38
    assert problems_of(GOOD, shipped_kpis) == []
    roles = make_roles(load(GOOD, RolesSettings).value, ALERTS)
    assert tuple(roles.departments) == DEPARTMENTS
    ana, ops, desk, team = roles.department("risk").recipients
    assert (ana.id, ana.name, ana.language, ana.channel) == ("ana", "Ana", Language.ES, "email")
    assert (ops.id, ops.rota, ops.fallback) == ("ops", "ops", Place("webhook", "risk"))
    assert (desk.channel, desk.address, desk.language) == ("slack", "#desk", Language.ES)
    # The inbox of whoever has no other address is their own.
    assert (team.channel, team.address) == ("inbox", "Equipo de riesgo")
    assert roles.department("risk").outputs.alerts == {Kind.COVENANT, Kind.FINDING}


def test_of_another_file_that_is_wrong_nothing_is_said() -> None:
    path = FIXTURES / "roles_and_outputs.person-misspelt.yml"
    known = Around(None, None, CHANNELS, Catalogue.names())
    assert check_roles(load(path, RolesSettings), known) == []


def test_the_shipped_departments_are_the_seven_and_reach_somebody(
    empty_workspace: Path,
) -> None:
    workspace = Workspace(empty_workspace)
    assert check_workspace(workspace, config_models(workspace)) == []
    settings = load(workspace.config / "roles_and_outputs.yaml", RolesSettings).value
    assert set(settings.departments) == set(DEPARTMENTS)
    assert all(each.recipients for each in settings.departments.values())
