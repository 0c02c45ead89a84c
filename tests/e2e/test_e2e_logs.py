"""The log of a workspace: what runs, alerts, deliveries and failed commands leave, and no names."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from alert_world import SECRET, TOKEN, Clock, World
from click.testing import CliRunner

from fintech_factory.cli.options import Call, pass_call
from fintech_factory.pipeline import day as day_module
from peers.faults import Answer
from small_disk import small_disk

Factory = Callable[..., Any]
LABELS = "logging.googleapis.com/labels"
STEPS = ("transform", "kpi", "verify", "observe", "reconcile", "validate", "publish")


def written(root: Path) -> str:
    return "".join(each.read_text() for each in sorted((root / "outputs" / "logs").iterdir()))


def said(root: Path, message: str = "") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in written(root).splitlines()]
    return [each for each in found if message in each["message"]]


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the step `verify` fail."""

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(day_module, "compare", broken)


def test_a_run_leaves_its_steps_its_alerts_and_what_was_sent_because_of_it(world: World) -> None:
    run = world.day("6", "2025-12-10")
    shown = world.call("runs", "logs", "last", "--json").document
    assert shown["run_id"] == run["run_id"]
    lines = shown["lines"]
    steps = [each for each in lines if each["message"] == "step done"]
    assert tuple(each[LABELS]["step"] for each in steps) == STEPS
    events = [each["message"] for each in lines]
    assert events[0] == "run started"
    (version,) = [each for each in lines if each["message"] == "version published"]
    assert version[LABELS]["step"] == "publish"
    assert {"version published", "run published", "alert fired", "alerts told"} <= set(events)
    sent = [each for each in lines if each["message"] == "delivery accepted"]
    assert {"slack", "email"} <= {each["channel"] for each in sent}
    assert all(each[LABELS]["alert"] and each[LABELS]["delivery"] for each in sent)
    assert {each[LABELS]["run"] for each in lines} == {run["run_id"]}
    assert len({each["logging.googleapis.com/trace"] for each in lines}) == 1
    fired = [each for each in lines if each["message"] == "alert fired"]
    assert "par_90" in {each["rule"] for each in fired}


def test_the_log_bears_no_address_and_no_token_though_a_vendor_repeats_them(world: World) -> None:
    body = {"ok": False, "error": f"no #fintech-alerts, risk@example.com, {TOKEN}"}
    world.peers.slack.otherwise = lambda _: Answer(body=body)
    world.day("6", "2025-12-10")
    whole = written(world.root)
    (lost,) = [each for each in said(world.root, "delivery ") if each["severity"] == "ERROR"]
    assert lost["reason"]
    for gone in ("risk@example.com", "fintech-alerts", TOKEN, SECRET, "example.com"):
        assert gone not in whole


def test_a_message_that_is_tried_again_says_when_and_which_try_it_was(world: World) -> None:
    busy = Answer(503, headers={"Retry-After": "600"})
    world.peers.slack.otherwise = lambda _: busy
    world.day("6", "2025-12-10")
    world.clock.on(minutes=11)
    world.call("alerts", "deliver")
    failed = [each for each in said(world.root, "delivery failed") if each["channel"] == "slack"]
    assert [(each["severity"], each["attempt"]) for each in failed] == [
        ("WARNING", 1),
        ("WARNING", 2),
    ]
    assert failed[0][LABELS]["delivery"] == failed[1][LABELS]["delivery"]
    assert failed[0]["due_at"].startswith("2025-12-11T03:1")
    assert "503" in failed[0]["reason"]
    world.clock.on(minutes=40)
    world.call("alerts", "deliver")
    (dead,) = [each for each in said(world.root, "delivery dead") if each["channel"] == "slack"]
    assert "deadline" in dead["reason"]


def test_what_people_do_to_alerts_is_logged_without_their_reasons(world: World) -> None:
    world.day("6", "2025-12-10")
    alert = world.alert("par_90")["id"]
    world.call("alerts", "close", alert, "--by", "ana", "--reason", "Juan has paid")
    (closed,) = said(world.root, "alert closed") or said(world.root, "alert resolved")
    assert (closed[LABELS]["alert"], closed["rule"]) == (alert, "par_90")
    assert "Juan" not in written(world.root)


def test_a_step_that_fails_says_by_what_and_names_nobody(
    workspace: Path, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, ValueError("'Juan Pérez', ana@lender.mx, +52 55 1234 5678, xoxb-1-abc"))
    assert factory(workspace, "run", "--force").code == 1
    step = said(workspace, "step failed")[0]
    assert (step["severity"], step[LABELS]["step"], step["error"]) == (
        "ERROR",
        "verify",
        "ValueError",
    )
    run = said(workspace, "run failed")[0]
    assert run[LABELS]["run"] == step[LABELS]["run"]
    assert "ValueError: '***', ***, ***, ***" in run["stack_trace"]
    whole = written(workspace)
    for gone in ("Juan", "Pérez", "P\\u00e9rez", "ana@", "1234 5678", "xoxb"):
        assert gone not in whole
    again, failed = said(workspace, "run tried again"), said(workspace, "run failed")
    assert [each["run"] for each in again] == [each[LABELS]["run"] for each in failed[1:]]
    assert {each["after"] for each in again} == {run[LABELS]["run"]}
    (command,) = said(workspace, "command failed")
    assert (command["command"], command["severity"]) == ("factory run", "ERROR")
    assert "stack_trace" not in command


def test_a_slot_says_which_try_it_was_and_what_becomes_of_it(
    workspace: Path, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, "2026-11-26T02:59")
    factory(workspace, "run", "--due")
    fail(monkeypatch, OSError("the machine is tired"))
    monkeypatch.setattr("fintech_factory.app.runs.Runs._already_published", lambda *_: None)
    clock.turn("2026-11-26T03:01")
    first = factory(workspace, "run", "--due", "--json").document["worked"]
    clock.on(hours=1)
    factory(workspace, "run", "--due")
    clock.on(hours=1)
    factory(workspace, "run", "--due")
    taken = said(workspace, "slot taken")
    assert [each["attempt"] for each in taken] == [1, 2, 3]
    assert {each[LABELS]["schedule"] for each in taken} == {"ingest"}
    assert taken[0][LABELS]["run"] == first["run_id"]
    put_off, given_up = said(workspace, "slot put off"), said(workspace, "slot given up")
    assert [(each["outcome"], each["then"]) for each in put_off] == [("failed", "waiting")] * 2
    assert put_off[0]["due_at"].startswith("2026-11-26T03:0")
    assert ["the machine is tired" in each["reason"] for each in given_up] == [True]
    lines = factory(workspace, "runs", "logs", first["run_id"], "--json").document["lines"]
    events = [each["message"] for each in lines]
    assert (events[0], events[-1]) == ("slot taken", "slot put off")


def test_a_command_that_may_change_something_says_how_it_failed(
    workspace: Path, factory: Factory
) -> None:
    failed = factory(workspace, "alerts", "ack", "nothing-of-ours", "--by", "ana@lender.mx")
    assert failed.code == 2
    line = said(workspace)[-1]
    assert (line["message"], line["command"], line["error"], line["actor"]) == (
        "command failed",
        "factory alerts ack",
        "UsageError",
        "***",
    )


def test_a_command_that_only_reads_leaves_no_line(workspace: Path, factory: Factory) -> None:
    before = written(workspace) if (workspace / "outputs" / "logs").exists() else ""
    assert factory(workspace, "kpi", "show", "no_such_kpi").code == 2
    assert factory(workspace, "kpi", "show", "outstanding").code == 0
    after = written(workspace) if (workspace / "outputs" / "logs").exists() else ""
    assert after == before


def test_what_lands_says_how_much_and_what_is_refused_says_why(
    workspace: Path, factory: Factory, clean: Path
) -> None:
    (workspace / "inbox").mkdir(exist_ok=True)
    (workspace / "inbox" / "export.zip").write_bytes(b"PK\x03\x04 and nothing more")
    factory(workspace, "run")
    (refused,) = said(workspace, "batch refused")
    assert (refused["severity"], refused["codes"]) == ("WARNING", ["half_written_file"])
    assert (refused[LABELS]["step"], bool(refused[LABELS]["run"])) == ("ingest", True)
    factory(workspace, "ingest", "cascade", clean)
    landed = said(workspace, "batch landed")[-1]
    assert landed["rows"] > 150
    assert landed["set_aside"] == 0
    assert landed["source"] == "cascade"
    factory(workspace, "ingest", "cascade", clean)
    assert said(workspace, "batch unchanged")[-1]["batch"] == landed["batch"]
    statements = workspace / "statements.csv"
    statements.write_text(factory(workspace, "ingest", "statements", "--template").out)
    factory(workspace, "ingest", "statements", statements)
    assert said(workspace, "batch ")[-1]["source"] == "statements"


def test_a_command_that_opens_its_workspace_twice_writes_each_line_once(workspace: Path) -> None:
    @click.command()
    @pass_call
    def twice(call: Call) -> None:
        call.factory()
        call.factory()
        logging.getLogger("fintech_factory.of_a_test").warning("said once")

    assert CliRunner().invoke(twice, obj=Call(workspace_dir=workspace)).exit_code == 0
    assert len(said(workspace, "said once")) == 1


def test_a_run_with_nothing_to_do_leaves_no_line(workspace: Path, factory: Factory) -> None:
    before = written(workspace)
    assert factory(workspace, "run", "--month-ends", "--json").document["status"] == "unchanged"
    assert written(workspace) == before


@pytest.mark.parametrize("options", ["ro,size=64k", "size=4k"])
def test_a_log_that_cannot_be_written_is_said_once_and_the_run_goes_on(
    workspace: Path, factory: Factory, options: str
) -> None:
    with small_disk(workspace / "outputs" / "logs", options) as place:
        if options == "size=4k":
            (place / "filler").write_bytes(b"x" * 4096)
        run = factory(workspace, "run", "--force", "--json")
    assert run.document["status"] == "published"
    assert run.err.count("cannot be written; the work goes on") == 1


def test_whoever_wants_it_reads_the_log_on_stderr_and_the_answer_on_stdout(
    workspace: Path, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_LOG", "json")
    run = factory(workspace, "run", "--force", "--json", "--quiet")
    events = [json.loads(line)["message"] for line in run.err.splitlines()]
    assert (events[0], run.document["status"]) == ("run started", "published")
    monkeypatch.setenv("FACTORY_LOG", "xml")
    assert factory(workspace, "run", "--force").code == 2


def test_a_runs_log_is_found_by_its_name_a_part_of_it_or_as_the_last(
    workspace: Path, factory: Factory
) -> None:
    run = factory(workspace, "run", "--force", "--json").document["run_id"]
    for name in (run, run[-6:], "last"):
        assert factory(workspace, "runs", "logs", name, "--json").document["run_id"] == run
    table = factory(workspace, "runs", "logs", "last").out
    assert "step done" in table
    none = factory(workspace, "runs", "logs", "last", "--level", "error", "--json").document
    assert none["lines"] == []
    unknown = factory(workspace, "runs", "logs", "run-20200101T000000000000Z-abcdef")
    assert (unknown.code, "no line of the log speaks of" in unknown.err) == (2, True)
    assert factory(workspace, "runs", "logs", "zzzzzz").code == 2


def test_what_a_killed_process_left_of_a_line_does_not_hide_the_rest(
    workspace: Path, factory: Factory
) -> None:
    run = factory(workspace, "run", "--force", "--json").document["run_id"]
    (file,) = (workspace / "outputs" / "logs").iterdir()
    whole = file.read_text().splitlines()
    before = factory(workspace, "runs", "logs", run, "--json").document["lines"]
    # Each line of that run stands behind half of another one; at the end half a line is left.
    torn = [f"{each[:80]}{each}" if run in each else each for each in whole]
    torn.append(whole[-1][: len(whole[-1]) // 2])
    file.write_text("\n".join(torn))
    assert factory(workspace, "runs", "logs", run, "--json").document["lines"] == before
