"""Every command that changes something leaves a signed entry, and nobody cuts it out unseen."""

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app.audit import whoever

# One from the beginning once more, far behind the end.
INSERTED = (
    "INSERT INTO audit_entry SELECT sequence + 1000, time, actor, action, subject, before, after,"
    " reason, run, batch_hashes, previous_hash, hash FROM audit_entry ORDER BY sequence LIMIT 1"
)

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]
Entries = Callable[..., list[dict[str, Any]]]
Tamper = Callable[..., None]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_ACTOR", "ana")


@pytest.fixture
def entries(factory: Factory, workspace: Path) -> Callable[..., list[dict[str, Any]]]:
    """Every entry, oldest first."""

    def listed(**wanted: str) -> list[dict[str, Any]]:
        options = [text for name, value in wanted.items() for text in (f"--{name}", value)]
        outcome = factory(workspace, "audit", "export", "--format", "jsonl", *options)
        assert outcome.code == 0, outcome.out
        return [json.loads(line) for line in outcome.out.splitlines()]

    return listed


@pytest.fixture
def tamper(workspace: Path) -> Callable[..., None]:
    """Run SQL on the database as one who owns it does: the guard goes first."""

    def run(*statements: str) -> None:
        with sqlite3.connect(workspace / "state" / "factory.db") as database:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
                database.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                database.execute(statement)
        database.close()

    return run


def test_init_names_the_key_and_every_settings_file(factory: Factory, tmp_path: Path) -> None:
    root = tmp_path / "new"
    assert factory(root, "init", root, "--by", "eva").code == 0
    outcome = factory(root, "audit", "export", "--format", "jsonl")
    begun, init, recorded = map(json.loads, outcome.out.splitlines())
    assert [each["action"] for each in (begun, init, recorded)] == [
        "audit.begun",
        "init",
        "settings.recorded",
    ]
    assert {begun["actor"], init["actor"], recorded["actor"]} == {"eva"}
    assert "config/factory.yaml" in recorded["after"]["files"]
    assert factory(root, "audit", "verify").code == 0
    assert factory(root, "init", root).code == 0
    assert len(factory(root, "audit", "export", "--format", "jsonl").out.splitlines()) == 3


def test_a_run_tells_what_it_published_from_what_by_whom(entries: Entries) -> None:
    (landed,) = entries(action="ingest.landed")
    (run,) = entries(action="run.published")
    assert run["actor"]
    assert run["run"] == run["subject"]
    assert run["before"] == {"version": None}
    assert run["after"]["batches"] == [landed["subject"]]
    assert run["batch_hashes"] == landed["batch_hashes"]
    assert all(len(each) == 64 for each in run["batch_hashes"])
    definitions = entries(action="kpi.definition")
    assert {each["run"] for each in definitions} == {run["run"]}
    assert "par_90" in {each["subject"] for each in definitions}


def test_an_export_that_landed_before_its_entry_is_recorded_late(entries: Entries) -> None:
    """The fixture's book landed without a command, as one does whose command was killed."""
    (landed,) = entries(action="ingest.landed")
    assert landed["reason"].startswith("recorded late")


def test_what_changes_nothing_leaves_no_entry(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    before = entries()
    assert factory(workspace, "run", "--month-ends").code == 0
    for verb in (("list",), ("verify",), ("anchor",)):
        factory(workspace, "audit", *verb)
    factory(workspace, "kpi", "show", "par_90")
    assert entries() == before


def test_an_edited_setting_is_told_by_key_before_what_is_done_by_it(
    factory: Factory,
    workspace: Path,
    entries: Entries,
    edit: Edit,
) -> None:
    edit("config/factory.yaml", "collection_window_days: 30", "collection_window_days: 29")
    factory(workspace, "run", "--month-ends", "--by", "eva")
    (changed,) = entries(action="settings.changed")
    assert changed["subject"] == "config/factory.yaml"
    assert changed["before"]["keys"] == {"policy.collection_window_days": 30}
    assert changed["after"]["keys"] == {"policy.collection_window_days": 29}
    assert changed["before"]["sha256"] != changed["after"]["sha256"]
    run = entries(action="run.published")[-1]
    assert changed["sequence"] < run["sequence"]
    assert {changed["actor"], run["actor"]} == {"eva"}


def test_a_text_and_a_setting_of_an_integration_are_never_shown(
    factory: Factory,
    workspace: Path,
    entries: Entries,
    edit: Edit,
) -> None:
    """Somebody writes a token where none belongs: it must not be kept for good."""
    edit("config/factory.yaml", "timezone: UTC", "timezone: Europe/Madrid")
    (workspace / "config" / "integrations" / "slack.yaml").write_text("token: 123456789\n")
    factory(workspace, "run", "--month-ends")
    texts = entries(action="settings.changed", subject="config/factory.yaml")
    assert texts[0]["after"]["keys"] == {"timezone": "(text)"}
    (slack,) = entries(subject="config/integrations/slack.yaml")
    assert slack["before"] is None
    assert slack["after"]["keys"] == {"token": "(value)"}


def test_a_setting_that_only_moved_within_its_file_is_no_key_that_changed(
    factory: Factory,
    workspace: Path,
    entries: Entries,
    edit: Edit,
) -> None:
    edit("config/factory.yaml", "currency:\n", "# a remark\ncurrency:\n")
    factory(workspace, "run", "--month-ends")
    (changed,) = entries(action="settings.changed")
    assert "keys" not in changed["after"]


def test_an_answer_to_a_finding_says_who_and_why(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    found = factory(workspace, "findings", "list", "--json").document["findings"][0]["id"]
    answer = ("--reason", "known", "--by", "carla")
    assert (
        factory(workspace, "findings", "accept", found, "--until", "2999-01-01", *answer).code == 0
    )
    assert factory(workspace, "findings", "reopen", found, *answer).code == 0
    accepted, reopened = entries(subject=found)
    assert (accepted["action"], reopened["action"]) == ("finding.accepted", "finding.reopened")
    assert (accepted["actor"], accepted["reason"]) == ("carla", "known")
    assert accepted["before"]["state"] == "open"
    assert accepted["after"] == {"state": "accepted", "until": "2999-01-01"}


def test_a_refused_export_is_told_with_its_hashes(
    factory: Factory,
    workspace: Path,
    entries: Entries,
    tmp_path: Path,
) -> None:
    bad = tmp_path / "export"
    bad.mkdir()
    (bad / "loans.csv").write_text("nonsense\n1\n")
    assert factory(workspace, "ingest", "cascade", bad).code == 1
    (refused,) = entries(action="ingest.refused")
    assert len(refused["batch_hashes"]) == 1


def test_statements_are_told_with_the_hash_of_their_file(
    factory: Factory,
    workspace: Path,
    entries: Entries,
    tmp_path: Path,
) -> None:
    path = tmp_path / "statements.csv"
    factory(workspace, "ingest", "statements", "--template", "--out", path)
    assert factory(workspace, "ingest", "statements", path).code == 0
    assert factory(workspace, "ingest", "statements", path).code == 0
    landed = entries(action="ingest.landed", subject="statements-*")
    assert len(landed) == 1
    assert landed[0]["after"]["periods"] == ["2025-12-31"]


def test_rows_that_name_borrowers_are_shown_and_told(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    factory(workspace, "views", "loans", "delinquency", "ageing")
    factory(workspace, "views", "show", "traction")
    (shown,) = entries(action="data.shown")
    assert shown["subject"] == "views loans delinquency/ageing"
    assert "loan_id" in shown["after"]["columns"]


def test_why_gives_the_entries_behind_a_reading(
    factory: Factory, workspace: Path, entries: Entries
) -> None:
    document = factory(workspace, "kpi", "why", "par_90", "--json").document
    by_number = {each["sequence"]: each for each in entries()}
    for part in (document["run"], *document["batches"], document["definition"]):
        assert by_number[part["sequence"]]["hash"] == part["hash"]
    assert document["run"]["subject"] == document["reading"]["run_id"]
    assert document["definition"]["after"]["version"] == document["reading"]["definition_version"]
    assert document["second_engine"] == "matched"
    assert "config/kpis/kpi_definitions.yaml" in document["settings"]["files"]
    assert document["settings"]["entry"]["sequence"] < document["run"]["sequence"]


def test_why_of_a_reading_that_no_run_published_says_so(factory: Factory, workspace: Path) -> None:
    document = factory(
        workspace, "kpi", "why", "par_90", "--as-of", "2025-06-20", "--json"
    ).document
    assert document["run"] is None
    assert document["reading"]["run_id"] is None


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit_entry SET reason = 'x' WHERE sequence = 4", 4),
        ("UPDATE audit_entry SET after = NULL WHERE sequence = 2", 2),
        ("DELETE FROM audit_entry WHERE sequence = 3", 3),
        ("DELETE FROM audit_entry WHERE sequence = 1", 1),
        ("UPDATE audit_checkpoint SET time = 'x' WHERE sequence = 3", 3),
        (INSERTED, None),
    ],
)  # fmt: skip
def test_verify_names_the_first_bad_entry(
    statement: str,
    first: int | None,
    factory: Factory,
    workspace: Path,
    tamper: Tamper,
) -> None:
    last = factory(workspace, "audit", "verify", "--json").document["head"]["sequence"]
    tamper(statement)
    outcome = factory(workspace, "audit", "verify", "--json")
    assert outcome.code == 3
    assert outcome.document["first_bad_entry"] == (first or last + 1)
    assert (
        f"the first bad entry is {first or last + 1}" in factory(workspace, "audit", "verify").out
    )


def test_a_cut_tail_is_found_in_the_workspace_itself(
    factory: Factory,
    workspace: Path,
    tamper: Tamper,
) -> None:
    """Entries and signatures cut together, to just before the run was told."""
    tamper(
        "DELETE FROM audit_entry WHERE sequence > 3",
        "DELETE FROM audit_checkpoint WHERE sequence > 3",
    )
    faults = factory(workspace, "audit", "verify", "--json").document["faults"]
    whats = " ".join(each["what"] for each in faults)
    assert "the chain was cut after entry 3: state/audit/head.json knows of entry" in whats
    assert "run-" in whats


def test_a_cut_tail_with_an_older_head_file_put_back_is_found_by_what_lies_there(
    factory: Factory,
    workspace: Path,
    tamper: Tamper,
) -> None:
    """Whoever kept a copy of the head file cannot make the published version unsaid."""
    head = workspace / "state" / "audit" / "head.json"
    kept, last = head.read_bytes(), json.loads(head.read_text())["sequence"]
    assert factory(workspace, "run", "--force", "--month-ends").code == 0
    head.write_bytes(kept)
    tamper(*(f"DELETE FROM {table} WHERE sequence > {last}"
             for table in ("audit_entry", "audit_checkpoint")))  # fmt: skip
    outcome = factory(workspace, "audit", "verify", "--json")
    assert outcome.code == 3
    assert [
        each["where"] for each in outcome.document["faults"] if each["where"] != "database"
    ] == ["workspace"]


def test_a_database_that_is_gone_is_missed(factory: Factory, workspace: Path) -> None:
    for path in (workspace / "state").glob("factory.db*"):
        path.unlink()
    outcome = factory(workspace, "audit", "verify", "--json")
    assert outcome.code == 3
    assert outcome.document["first_bad_entry"] == 1


def test_an_anchor_is_held_against_the_chain(
    factory: Factory, workspace: Path, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchor.json"
    assert factory(workspace, "audit", "anchor", "--out", anchor).code == 0
    factory(workspace, "run", "--force", "--month-ends")
    assert factory(workspace, "audit", "verify", "--anchor", anchor).code == 0


def test_a_workspace_begun_anew_does_not_hold_the_anchor(
    factory: Factory, workspace: Path, tmp_path: Path
) -> None:
    """Everything that could tell is removed and made anew: only the anchor knows."""
    anchor = tmp_path / "anchor.json"
    factory(workspace, "audit", "anchor", "--out", anchor)
    for path in (workspace / "state").glob("factory.db*"):
        path.unlink()
    shutil.rmtree(workspace / "state" / "audit")
    factory(workspace, "run", "--force", "--month-ends")
    assert factory(workspace, "audit", "verify").code == 0
    outcome = factory(workspace, "audit", "verify", "--anchor", anchor, "--json")
    assert outcome.code == 3
    whats = [each["what"] for each in outcome.document["faults"]]
    assert any("anchor" in each for each in whats)


def test_a_changed_anchor_is_refused(factory: Factory, workspace: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    factory(workspace, "audit", "anchor", "--out", anchor)
    anchor.write_text(anchor.read_text().replace('"sequence": 1', '"sequence": 2'))
    outcome = factory(workspace, "audit", "verify", "--anchor", anchor)
    assert outcome.code == 2
    assert "not what was signed" in outcome.err


def test_a_disturbance_is_answered_for_by_name(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    (workspace / "state" / "audit" / "head.json").unlink()
    assert factory(workspace, "audit", "verify").code == 3
    factory(workspace, "run", "--force", "--month-ends")
    (told,) = entries(action="audit.disturbed")
    assert (
        factory(workspace, "audit", "verify", "--json").document["first_bad_entry"]
        == (told["sequence"])
    )
    number = str(told["sequence"])
    answer = ("--reason", "restored from a backup", "--by", "carla")
    assert factory(workspace, "audit", "acknowledge", number, *answer).code == 0
    outcome = factory(workspace, "audit", "verify", "--json")
    assert (outcome.code, len(outcome.document["acknowledged"])) == (0, 1)


def test_a_new_key_signs_on(factory: Factory, workspace: Path) -> None:
    assert factory(workspace, "audit", "rotate-key", "--reason", "yearly").code == 0
    factory(workspace, "run", "--force", "--month-ends")
    assert factory(workspace, "audit", "verify").code == 0


def test_a_key_from_the_environment_signs(
    factory: Factory, workspace: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key leaves the workspace; without it nothing is changed that cannot be signed for."""
    key = workspace / "state" / "audit" / "key.pem"
    monkeypatch.setenv("AUDIT_KEY", key.read_text())
    key.unlink()
    edit("config/factory.yaml", "  key: null", "  key: {env: AUDIT_KEY}")
    assert factory(workspace, "run", "--force", "--month-ends").code == 0
    assert factory(workspace, "audit", "verify").code == 0
    monkeypatch.delenv("AUDIT_KEY")
    assert factory(workspace, "run", "--force", "--month-ends").code == 2


def test_exported_texts_are_masked_and_unmasking_is_told(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    found = factory(workspace, "findings", "list", "--json").document["findings"][0]["id"]
    reason = "ABC-123456 called from +34 600 123 456, see ana@lender.example"
    factory(workspace, "findings", "accept", found, "--until", "2999-01-01",
            "--reason", reason, "--by", "carla")  # fmt: skip
    (masked,) = entries(action="finding.accepted")
    assert masked["reason"] == "*** called from ***, see ***"
    refused = factory(workspace, "audit", "export", "--unmasked")
    assert refused.code == 2
    outcome = factory(workspace, "audit", "export", "--unmasked", "--reason", "a court asks",
                      "--action", "finding.accepted")  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(outcome.out))
    assert row["reason"] == reason
    (told,) = entries(action="data.exported")
    assert told["reason"] == "a court asks"
    assert told["after"] == {"format": "csv", "filter": {"action": "finding.accepted"}}


def test_entries_are_chosen_by_day_and_actor(
    factory: Factory, workspace: Path, entries: Entries
) -> None:
    day = entries()[0]["time"][:10]
    assert entries(**{"from": day, "to": day}) == entries()
    assert entries(to="2020-01-01") == []
    assert entries(**{"from": "2999-01-01"}) == []
    assert entries(actor="nobody") == []
    assert entries(actor=entries()[0]["actor"]) == entries()
    backwards = factory(workspace, "audit", "list", "--from", "2025-02-01", "--to", "2025-01-01")
    assert backwards.code == 2


def test_who_acts_is_the_account_where_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACTORY_ACTOR")
    assert whoever()


def test_a_run_that_the_gate_stopped_is_told_with_its_findings(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    def without_its_term(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{name: row[name] for name in row if name != "maturity_date"} for row in rows]

    torn = changed("loans", without_its_term)
    factory(root, "ingest", "cascade", torn, "--as-of", "2025-12-11")
    outcome = factory(root, "run", "--month-ends", "--json").document
    assert outcome["status"] == "blocked"
    listed = factory(root, "audit", "list", "--action", "run.blocked", "--json").document
    (blocked,) = listed["entries"]
    assert blocked["after"]["blocking"] == outcome["blocking"]
    assert blocked["reason"] == f"stopped by {outcome['blocking'][0]}"
    assert blocked["before"]["version"] == blocked["after"]["version"]
    assert factory(root, "audit", "verify").code == 0
