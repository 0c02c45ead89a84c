"""Lets the tests of alerts find what they build, and the shipped settings."""

import sys
from pathlib import Path

import pytest

from fintech_factory.alerting.address import MEDIA
from fintech_factory.alerting.checking import load_alerting, read_alerting
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.alerting.setup import Alerting
from fintech_factory.config import load
from fintech_factory.kpi_engine import Definitions

# Tests are not a package; their builders are found beside them.
sys.path.insert(0, str(Path(__file__).parent))

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "alerts.yaml"


@pytest.fixture(scope="session")
def shipped(shipped_kpis: Definitions) -> Alerting:
    """What the product ships: every channel off but the inbox and the file."""
    return load_alerting(SHIPPED, shipped_kpis, {name: name in {"inbox", "file"} for name in MEDIA})


@pytest.fixture(scope="session")
def switched_on(shipped_kpis: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Alerting:
    """The shipped rules and routes, with every channel they name switched on."""
    text = SHIPPED.read_text(encoding="utf-8")
    listed = "channels_off: [slack, email, sms, notion, webhook]"
    assert listed in text
    path = tmp_path_factory.mktemp("alerts") / "alerts.yaml"
    path.write_text(text.replace(listed, "channels_off: []"), encoding="utf-8")
    on = {name: name != "apprise" for name in MEDIA}
    return read_alerting(load(path, AlertSettings), shipped_kpis, on)
