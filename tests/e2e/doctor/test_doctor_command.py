"""`factory doctor`: its exit codes, its document, and the channels that it looks at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doctor_world import LOOKED_AT, Look, look

from fintech_factory.app.doctor import Doctor, Ground, all_areas
from fintech_factory.app.doctor.area import NamedArea
from fintech_factory.clock import FixedClock, SystemClock
from fintech_factory.config.workspace import Workspace
from peers.faults import Answer, fault_server, refusing_port

TOKEN = "xoxb-doctor-secret-5"  # noqa: S105 - made up
Edit = Callable[[str, str, str], None]
Factory = Callable[..., Any]


def test_exit_codes(
    root: Path, factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: LOOKED_AT)
    healthy = factory(root, "doctor", "runs", "state", "--json")
    assert (healthy.code, healthy.document["status"]) == (0, "healthy")
    assert list(healthy.document["areas"]) == ["state", "runs"]
    (root / "warehouse" / "CURRENT").write_text("{")
    broken = factory(root, "doctor", "warehouse", "--json")
    assert broken.code == 3
    first = broken.document["diagnoses"][0]
    assert (first["area"], first["code"]) == ("warehouse", "pointer_unreadable")
    assert first["severity"] == "critical"
    assert first["next"]
    said = factory(root, "doctor", "warehouse").out
    assert said.startswith("critical: warehouse: the pointer")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert factory(tmp_path / "nothing", "doctor").code == 2
    assert factory(loop, "doctor").code == 2


def test_an_unknown_area_lists_those_there_are(root: Path, factory: Factory) -> None:
    outcome = factory(root, "doctor", "warehous")
    assert outcome.code == 2
    assert "did you mean `warehouse`?" in outcome.err
    assert all(area.name in outcome.err for area in all_areas())


def test_a_check_that_fails_is_a_finding(root: Path) -> None:
    def broken(_: Ground) -> list[Any]:
        raise RuntimeError(TOKEN)

    told: list[str] = []
    ground = Ground(Workspace(root), FixedClock(LOOKED_AT))
    seen = Look(Doctor(ground, told.append).look(areas=[NamedArea("odd", {"one": broken})]))
    assert seen.found == {"odd.check_failed"}
    assert not seen.report.is_healthy
    assert "RuntimeError" in seen.of("check_failed").what
    # A foreign error's own words may hold a secret.
    assert TOKEN not in str(seen.report.as_json())
    assert "RuntimeError" in told[0]


def slack_at(edit: Edit, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    added = f"enabled: true\ntoken: {{env: SLACK_BOT_TOKEN}}\napi_url: {url}/api/"
    edit("config/integrations/slack.yaml", "enabled: false", added)


def test_a_wrong_token_of_slack(root: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault_server() as server:
        server.otherwise = lambda _: Answer(body={"ok": False, "error": "invalid_auth"})
        slack_at(edit, server.url, monkeypatch)
        seen = look(root, "channels", secrets=[TOKEN])
    assert seen.found == {"channels.channel_wrong"}
    wrong = seen.of("channel_wrong")
    assert wrong.where == "channel slack"
    assert "invalid_auth" in wrong.what
    assert "factory channels test slack" in wrong.then
    # Nothing was posted.
    assert {request.path for request in server.requests} == {"/api/auth.test"}


def test_a_channel_that_does_not_answer(
    root: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_server() as server:
        server.otherwise = lambda _: Answer(fault="silent")
        slack_at(edit, server.url, monkeypatch)
        seen = look(root, "channels", patience_s=0.5)
        server.stopped.set()
    assert seen.found == {"channels.channel_silent"}


def test_a_mail_server_that_is_not_there(root: Path, edit: Edit) -> None:
    edit("config/integrations/email.yaml", "enabled: false", "enabled: true")
    edit("config/integrations/email.yaml", "host: smtp.example.com", "host: localhost")
    edit("config/integrations/email.yaml", "port: 587", f"port: {refusing_port()}")
    seen = look(root, "channels")
    assert seen.found == {"channels.channel_wrong"}
    assert seen.of("channel_wrong").where == "channel email"
