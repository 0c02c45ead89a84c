"""`factory alerts why-not`: each gate, closed in turn, says what closed it (R078 to R080)."""

from alert_world import TOKEN, World

from peers.faults import Answer

QUIET = "--no-probe"


def test_before_any_run_nothing_is_computed(world: World) -> None:
    closed = world.call("alerts", "why-not", "par_90", QUIET)
    assert closed.code == 3
    gates = world.gates("par_90", QUIET)
    assert gates["computed"]["passed"] is False
    assert gates["computed"]["said"] == "no run has published a figure for it"


def test_a_condition_is_written_out_with_value_limit_and_precision(world: World) -> None:
    world.day("3", "2025-12-10")
    gate = world.gates("par_90", QUIET)["condition"]
    assert gate["passed"] is False
    assert "3 > 3 (warning) is false" in gate["said"]
    assert "strict, unrounded; shown as 3.00 percent" in gate["said"]


def test_a_late_export_closes_fresh(world: World) -> None:
    world.day("6", "2025-12-10")
    assert world.gates("par_90", QUIET)["fresh"]["passed"] is True
    world.clock.turn("2025-12-12T04:00")
    assert world.gates("par_90", QUIET)["fresh"]["passed"] is False


def test_a_rule_that_waits_for_a_second_snapshot_is_pending(world: World) -> None:
    world.edit(
        "config/alerts.yaml", ("\nrules:\n", "\nrules:\n  - {id: par_90, watch: kpi, for: 2}\n")
    )
    world.day("6", "2025-12-09")
    gate = world.gates("par_90", QUIET)["pending"]
    assert (gate["passed"], gate["said"]) == (
        False,
        "1 of 2 snapshots in a row are past a limit",
    )
    world.day("6", "2025-12-10")
    assert world.gates("par_90", QUIET)["pending"]["passed"] is True


def test_a_bad_token_is_found_without_posting_anything(world: World) -> None:
    world.day("6", "2025-12-10")
    world.peers.forget()
    name = "channel slack #fintech-alerts"
    assert world.gates("par_90")[name]["passed"] is True
    bad = Answer(body={"ok": False, "error": "invalid_auth"})
    world.peers.slack.otherwise = lambda _: bad
    gate = world.gates("par_90")[name]
    assert gate["passed"] is False
    assert "token invalid" in gate["said"]
    assert TOKEN not in str(gate)
    assert world.peers.posts() == []


def test_a_channel_that_is_off_and_an_answer_close_their_gates(world: World) -> None:
    world.day("6", "2025-12-10")
    gates = world.gates("par_90", QUIET)
    assert gates["answered"]["passed"] is True
    receivers = "risk_slack, risk_mail, risk_phones"
    assert gates["routed"]["said"] == f"critical takes par_90_critical to {receivers}"
    assert gates["channel sms +15005550001"]["passed"] is False
    world.call("alerts", "ack", world.alert("par_90")["id"], "--by", "ana")
    assert world.gates("par_90", QUIET)["answered"]["passed"] is False


def test_an_unknown_rule_is_a_wrong_call_with_the_nearest_name(world: World) -> None:
    wrong = world.call("alerts", "why-not", "par_9", QUIET)
    assert (wrong.code, "par_90" in wrong.err) == (2, True)


def test_the_backtest_has_the_shape_that_is_written_down(world: World) -> None:
    world.day("6", "2025-12-10")
    document = world.call("alerts", "backtest", "--rule", "par_90", "--json").document
    assert set(document) == {"rule", "evaluations", "counts"}
    assert set(document["evaluations"][0]) == {"as_of", "value", "level", "transition"}
    last = document["evaluations"][-1]
    assert (last["value"], last["level"], last["transition"]) == ("6", "critical", "fired")
