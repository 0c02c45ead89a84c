"""What cannot be is refused by its option's name: nothing is left out without a word."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Factory = Callable[..., Any]
USAGE = 2
ANY = ("alerts", "snooze", "0000", "--by", "ana", "--hours")
BACKWARDS = ("--from", "2099-01-02T00:00Z", "--to", "2099-01-01T00:00Z")
SILENCE = ("alerts", "silence", "--rule", "par_90", "--by", "ana", "--reason", "known")


@pytest.fixture
def bare(empty_workspace: Path, tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    shutil.copytree(empty_workspace, root)
    return root


REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    # A number that is none, or past all sense, once ended in a traceback.
    ((*ANY, "nan"), "--hours"),
    ((*ANY, "1e12"), "--hours"),
    ((*SILENCE, "--hours", "nan"), "--hours"),
    ((*SILENCE, "--hours", "1e12"), "--hours"),
    (("alerts", "deliver", "--wait", "inf"), "--wait"),
    (("alerts", "deliver", "--wait", "nan"), "--wait"),
    # What was said beside another option once went unheard.
    (("alerts", "silence", "--by", "ana", "--reason", "known"), "--hours"),
    (("alerts", "silence", "--end", "silence-1", "--by", "ana", "--hours", "1"), "--end"),
    (("alerts", "silence", "--end", "silence-1"), "--by"),
    (("alerts", "replay", "--list", "key"), "--list"),
    (("alerts", "ack", "--token", "t", "--revision", "3"), "--revision"),
    (("alerts", "ack", "--token", "t", "--reason", "seen"), "--reason"),
    # Some days that hold none.
    (("alerts", "history", "--from", "2026-02-01", "--to", "2026-01-01"), "--to"),
    (("alerts", "backtest", "--from", "2026-02-01", "--to", "2026-01-01"), "--to"),
    # The option that is meant, by the name that it has.
    (("alerts", "window", "w", "--by", "ana", *BACKWARDS), "--to: it ends"),
    (
        ("alerts", "stand-in", "data_team", "--person", "data_1", "--by", "ana", *BACKWARDS),
        "--to: it ends",
    ),
    (("alerts", "list", "--rule", "nothing"), "unknown rule `nothing`"),
    (("alerts", "runbook", "nothing"), "unknown rule `nothing`"),
    # A name that nobody has once looked as if all were well.
    (("alerts", "inbox", "nosuch"), "no receiver is called `nosuch`"),
    (("alerts", "inbox", "nosuch"), "valid names: audit_anchor, chief_executive,"),
    (("alerts", "why-not", "par_90", "--member", "nobody"), "--member: par_90 is of the whole"),
    (("alerts", "why-not", "delivery_failed", "--member", "slck"), "did you mean `slack`?"),
    (("alerts", "why-not", "pipeline_failed", "--member", "x"), "known: publish, run"),
    (("alerts", "why-not", "covenants", "--member", "nobody"), "it has judged nothing yet"),
    # A silence that would silence nothing.
    (
        (*SILENCE[:3], "covenants", "--level", "critical", *SILENCE[4:], "--hours", "1"),
        "all that this means are compliance breaches, which are always told",
    ),
    ((*SILENCE, "--member", "North", "--hours", "1"), "no alert can be meant by this"),
    (
        (*SILENCE[:3], "portfolio_health", "--level", "executive", *SILENCE[4:], "--hours", "1"),
        "no alert can be meant by this",
    ),
)


def test_what_cannot_be_is_refused_by_name(factory: Factory, bare: Path) -> None:
    for words, named in REFUSED:
        refused = factory(bare, *words)
        assert refused.code == USAGE, f"{words}: {refused.err or refused.out}"
        assert named in refused.err, f"{words}: {refused.err}"


def test_a_silence_says_what_it_does_not_hold(factory: Factory, bare: Path) -> None:
    said = ("--by", "ana", "--reason", "known", "--hours", "1", "--json")
    for words, breaches in (
        (("--rule", "covenants"), ["covenants"]),
        (("--rule", "par_90", "--level", "executive"), []),
        (("--level", "warning", "--member", "line/par_90"), []),
    ):
        made = factory(bare, "alerts", "silence", *words, *said)
        assert made.code == 0, made.err
        assert made.document["silences"][-1]["told_all_the_same"] == breaches
    listed = factory(bare, "alerts", "silence").out
    assert "rules covenants; but no breach of covenants" in listed
    assert "levels executive" in listed


def test_members_that_a_rule_can_judge_are_taken(factory: Factory, bare: Path) -> None:
    for rule, member in (("delivery_failed", "slack"), ("export_missing", "cascade")):
        assert factory(bare, "alerts", "why-not", rule, "--member", member, "--no-probe").code != 2
    shown = factory(bare, "alerts", "runbook", "par_90", "--json", "--language", "es").document
    assert shown["runbook"] == "par_90"
    assert len(shown["steps"]) == 3
    assert shown["text"].startswith(f"# {shown['title']}\n")
    assert factory(bare, "alerts", "inbox", "head_of_risk").code == 0


def test_the_trail_is_read_up_to_the_last_day_and_written_where_it_can_be(
    factory: Factory, bare: Path
) -> None:
    assert factory(bare, *SILENCE, "--hours", "1").code == 0
    shown = factory(bare, "audit", "list", "--to", "9999-12-31", "--json")
    assert "silence.made" in {each["action"] for each in shown.document["entries"]}
    below_a_file = bare / "config" / "factory.yaml" / "out"
    for what in ("anchor", "export"):
        refused = factory(bare, "audit", what, "--out", below_a_file)
        assert refused.code == USAGE
        assert "cannot be written" in refused.err
