"""What is shipped to start the service fits the service: systemd's own parser, and every path."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fintech_factory.config.settings import Service

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "fintech-factory.service"
IMAGE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
ANALYZE = shutil.which("systemd-analyze")


def unit(key: str) -> str:
    found = re.search(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"the unit has no {key}"
    return found[1]


def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not here")
def test_systemd_takes_the_unit_without_a_word(tmp_path: Path) -> None:
    """The program of the unit must be there; the one of these tests stands for it."""
    text = UNIT.read_text(encoding="utf-8")
    program = Path(sys.executable).with_name("factory")
    fitted = tmp_path / UNIT.name
    fitted.write_text(text.replace("/opt/fintech-factory/.venv/bin/factory", str(program)))
    said = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(fitted)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in said.stderr.splitlines() if UNIT.name in line]
    assert complaints == []


def test_who_stops_it_gives_it_the_time_it_takes() -> None:
    takes = Service().stop_within_s
    assert int(unit("TimeoutStopSec")) > takes
    assert int(compose()["services"]["factory"]["stop_grace_period"].rstrip("s")) > takes


def test_everything_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+)$", IMAGE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()[:-1]]
    assert sources
    assert [each for each in sources if not (ROOT / each).exists()] == []


def test_the_image_asks_where_the_service_answers() -> None:
    port = Service().port
    assert f"http://127.0.0.1:{port}/health/live" in IMAGE
    assert f"EXPOSE {port}" in IMAGE
    assert compose()["services"]["factory"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_no_secret_and_no_registry_stands_in_what_is_shipped() -> None:
    for path in DEPLOY.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "docker.io" not in text
        assert not re.search(r"(?i)password: (?!\$\{|\{env)", text), path.name
