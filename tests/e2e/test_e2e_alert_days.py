"""Days on which something fails: runs, exports, deliveries; and what is planned to be quiet."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alert_world import World, answers

from fintech_factory.app.runs import Runs
from fintech_factory.clock import SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import IngestError
from fintech_factory.testing import book
from fintech_factory.warehouse.lock import writer_lock
from peers.faults import Answer


def broken(world: World) -> None:
    """Break a model, and let a failed run be tried again once only."""
    world.edit("sql/models/loan_snapshot.sql", ("\n  dpd,\n", "\n  dpd + no_such_column AS dpd,\n"))
    world.edit("config/alerts.yaml", ("retry_at_most: 2", "retry_at_most: 1"))


def test_a_failed_run_is_told_tried_again_and_fails_by_its_exit_code(world: World) -> None:
    world.day("1", "2025-12-09")
    world.peers.forget()
    broken(world)
    world.clock.turn("2025-12-11T03:00")
    world.land("1", "2025-12-10")
    failed = world.call("run")
    assert failed.code == 1, failed.err
    alert = world.alert("pipeline_failed")
    assert (alert["status"], alert["level"]) == ("firing", "critical")
    (mail,) = world.peers.mails("data-ops@example.com")
    assert mail["Subject"] == "[Critical] Run without a result: critical"
    said = mail.get_body(("plain",)).get_content()
    assert "data through" not in said.casefold()
    assert "model loan_snapshot: Binder Error: Referenced column" in said
    (retry,) = [each for each in alert["responses"] if each["kind"] == "retry"]
    assert retry["outcome"].startswith("not tried again, as it would fail again")
    shown = world.call("kpi", "show", "par_90", "--json").document
    assert "2025-12-09" in str(shown)


def test_a_run_that_works_again_resolves_the_alert_of_the_failed_one(world: World) -> None:
    world.day("1", "2025-12-09")
    path = world.root / "sql" / "models" / "loan_snapshot.sql"
    good = path.read_text(encoding="utf-8")
    broken(world)
    world.clock.turn("2025-12-11T03:00")
    world.land("1", "2025-12-10")
    world.call("run")
    path.write_text(good, encoding="utf-8")
    world.clock.turn("2025-12-11T03:20")
    assert world.run()["status"] == "published"
    assert world.alert("pipeline_failed")["status"] == "resolved"


def test_a_blocked_run_tells_operations_and_the_finding_ends_when_it_is_accepted(
    world: World,
) -> None:
    world.day("1", "2025-12-09")
    world.clock.turn("2025-12-11T03:00")
    world.land("0", "2025-12-10", repaid="0")
    outcome = world.call("run", "--json")
    assert (outcome.code, outcome.document["status"]) == (3, "blocked")
    (run,) = world.alerts("--rule", "pipeline_failed")
    assert "the export before had 3" in run["reason"]
    findings = world.alerts("--rule", "critical_findings")
    assert {each["level"] for each in findings} == {"critical"}
    # The findings are told; that they stopped the publish follows, and is in the list.
    (step,) = world.alert("pipeline_failed")["steps"]
    assert {each.get("withheld") for each in step["told"]} == {"inhibition"}
    assert all("stopped_by_findings: critical_findings" in each["reason"] for each in step["told"])
    said = [each["text"] for each in world.peers.posts("#fintech-ops")]
    assert [each for each in said if "Finding" in each or "alerts, the first" in each]
    assert [each for each in said if "Publish stopped" in each] == []
    for each in outcome.document["blocking"]:
        said = ("--reason", "sold", "--by", "ana", "--until", "2026-12-31")
        assert world.call("findings", "accept", each, *said).code == 0
    assert world.run()["status"] == "published"
    assert world.alerts("--rule", "pipeline_failed") == []
    assert world.alerts("--rule", "critical_findings") == []
    assert world.alert("pipeline_failed")["status"] == "resolved"
    # Who has not heard that it was stopped need not hear that it goes on.
    assert [each for each in world.peers.posts() if "Publish stopped" in str(each)] == []


def test_a_dead_letter_is_told_by_another_channel_and_can_be_sent_again(world: World) -> None:
    refused = Answer(body={"ok": False, "error": "channel_not_found"})
    world.peers.slack.otherwise = lambda _: refused
    world.day("6", "2025-12-10")
    alert = world.alert("par_90")
    (slack,) = [each for each in alert["messages"] if each["channel"] == "slack"]
    assert (slack["status"], slack["attempts"]) == ("dead", 1)
    failing = world.alert("delivery_failed")
    assert (failing["level"], failing["member"]) == ("warning", "slack")
    subjects = [each["Subject"] for each in world.peers.mails("data-ops@example.com")]
    assert "[Warning] Failed delivery by slack: warning" in subjects
    listed = world.call("alerts", "replay", "--list", "--json").document["dead_letters"]
    assert slack["key"] in [each["key"] for each in listed]
    nameless = world.call("alerts", "replay")
    assert (nameless.code, "--by" in nameless.err) == (2, True)
    world.peers.slack.otherwise = answers
    world.peers.forget()
    again = world.call("alerts", "replay", slack["key"], "--by", "ana", "--json")
    assert (again.code, again.document["replayed"], again.document["delivered"] >= 1) == (
        0,
        1,
        True,
    )
    assert world.peers.posts("#fintech-alerts")
    none = world.call("alerts", "replay", slack["key"], "--by", "ana")
    assert none.code == 2


def test_what_is_silenced_is_told_when_the_silence_ends(world: World) -> None:
    world.call(
        "alerts", "silence", "--rule", "par_90", "--hours", "2", "--by", "ana", "--reason", "known"
    )
    world.day("6", "2025-12-10")
    assert world.alert("par_90")["status"] == "firing"
    assert world.peers.mails("risk@example.com") == []
    gates = world.gates("par_90", "--no-probe")
    assert gates["silenced"]["passed"] is False
    assert "by ana until" in gates["silenced"]["said"]
    world.clock.turn("2025-12-11T05:30")
    world.call("alerts", "deliver")
    (mail,) = world.peers.mails("risk@example.com")
    assert mail["Subject"] == "[Critical] PAR 90: critical, 6.00 %"


def test_a_window_lets_a_warning_wait_and_tells_what_is_critical(world: World) -> None:
    """R096 to R098: Sunday 22:00 to 23:00 UTC."""
    world.clock.turn("2025-12-14T22:10")
    world.land("4", "2025-12-13")
    world.run()
    assert world.alert("par_90")["level"] == "warning"
    assert world.peers.mails("risk@example.com") == []
    world.clock.turn("2025-12-14T22:20")
    world.land("6", "2025-12-13")
    world.run()
    assert len(world.peers.mails("risk@example.com")) == 1


@pytest.mark.parametrize(
    ("first", "extra", "code"),
    [
        ("2025-12-12T03:30Z", (), 0),
        ("2025-12-12T02:30Z", (), 2),
        ("2025-12-12T02:30Z", ("--override-reason", "the disk is full"), 0),
    ],
)
def test_a_window_is_announced_24_hours_ahead_or_with_a_reason(
    world: World, first: str, extra: tuple[str, ...], code: int
) -> None:
    said = ("--from", first, "--to", "2025-12-12T05:00Z", "--by", "ana")
    done = world.call("alerts", "window", "patch", *said, *extra)
    assert done.code == code, done.err


def test_changed_alert_settings_are_an_audit_entry_and_wrong_ones_name_their_place(
    world: World,
) -> None:
    world.day("1", "2025-12-09")
    world.edit("config/alerts.yaml", ("default_receiver: desk", "default_receiver: operations"))
    world.day("1", "2025-12-10")
    document = world.call("audit", "list", "--json").document
    changed = [each for each in document["entries"] if "alerts.yaml" in str(each)]
    assert changed
    world.edit("config/alerts.yaml", ("default_receiver: operations", "default_receiver: deks"))
    wrong = world.call("check")
    assert wrong.code == 2
    assert "alerts.yaml:" in wrong.out + wrong.err
    assert "desk" in wrong.out + wrong.err
    refused = world.call("alerts", "list", "--rule", "par_90")
    assert (refused.code, "alerts.yaml:" in refused.err) == (2, True)


def test_a_late_export_that_lies_in_the_inbox_is_taken_in_by_itself(
    world: World, clean: Path
) -> None:
    """An export that was put there after the run of the night."""
    world.day("1", "2025-12-08")
    world.clock.turn("2025-12-11T04:00")
    shutil.copytree(clean, world.root / "inbox" / "export")
    world.call("alerts", "deliver")
    (response,) = world.alert("export_missing")["responses"]
    assert response["outcome"].startswith(("landed cascade-", "refused cascade-"))
    document = world.call("audit", "list", "--json").document
    done = [each for each in document["entries"] if each["action"] == "response.reingest.done"]
    assert [each["actor"] for each in done] == ["automation"]


def test_nobody_waits_for_the_inbox_while_another_process_writes(world: World, clean: Path) -> None:
    """Without an answer, level 2 hears of it after 15 minutes, though a long run holds the lock."""
    world.day("6", "2025-12-08")
    world.clock.turn("2025-12-11T04:00")
    shutil.copytree(clean, world.root / "inbox" / "export")
    world.peers.forget()
    with writer_lock(world.root / "warehouse" / ".writer.lock", "a long run", SystemClock()):
        assert world.call("alerts", "deliver").code == 0
        assert any("Escalation 2" in each["text"] for each in world.peers.posts("#fintech-ops"))
        (response,) = world.alert("export_missing")["responses"]
        assert response["outcome"] is None
    world.call("alerts", "deliver")
    (response,) = world.alert("export_missing")["responses"]
    assert response["outcome"].startswith(("landed cascade-", "refused cascade-"))


@pytest.mark.parametrize("failure", [OSError("the disk is gone"), IngestError("the disk is gone")])
def test_an_inbox_that_cannot_be_read_is_put_down_as_failed_after_people_were_told(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    told_before = []

    def unreadable(_: Runs) -> str:
        told_before.extend(world.peers.posts("#fintech-ops"))
        raise failure

    world.day("6", "2025-12-08")
    world.clock.turn("2025-12-11T04:00")
    world.peers.forget()
    monkeypatch.setattr(Runs, "take_in", unreadable)
    assert world.call("alerts", "deliver").code == 0
    (response,) = world.alert("export_missing")["responses"]
    assert response["outcome"] == "failed: the disk is gone"
    assert any("Escalation 2" in each["text"] for each in told_before)


def test_many_parts_past_a_limit_are_one_message_that_lists_them(world: World) -> None:
    """North and South both lie past 90 days with all they owe."""
    rule = "\nrules:\n  - {id: by_entity, watch: kpi, kpi: par_90, dimension: entity}\n"
    world.edit("config/alerts.yaml", ("\nrules:\n", rule))
    due = [("2025-09-01", 500)]
    both = book().loan(500, disbursed="2025-07-01", instalments=due)
    both = both.loan(500, disbursed="2025-07-01", instalments=due, entity="South")
    both.ending("2025-12-10").land(Workspace(world.root).raw("cascade"), world.clock)
    world.run()
    assert len(world.alerts("--rule", "by_entity")) == 2
    (post,) = [each for each in world.peers.posts("#fintech-factory") if "2 alerts" in str(each)]
    assert "2 alerts, the first: PAR 90 (North): critical, executive level" in post["text"]
    blocks = str(post["blocks"])
    assert "PAR 90 (South)" in blocks
    assert "100.00 %" in blocks
    assert "factory alerts list" in blocks


def test_the_demo_ends_with_the_first_alerts_in_the_inbox(
    factory: Callable[..., Any], tmp_path: Path
) -> None:
    """R019: without any channel, the first session sees an alert."""
    size = ("--loans", "60", "--months", "6")
    shown = factory(tmp_path / "unused", "demo", "--dir", tmp_path / "demo", *size)
    assert shown.code == 0, shown.err
    assert "in the in-app inbox:" in shown.out
    inbox = factory(tmp_path / "demo", "alerts", "inbox", "--json").document["items"]
    assert [each for each in inbox if each["receiver"] == "operations"]
    told = factory(tmp_path / "unused", "demo", "--dir", tmp_path / "demo", *size, "--json")
    assert told.document["inbox"] == inbox
