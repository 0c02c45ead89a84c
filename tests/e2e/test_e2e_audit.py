"""Every command that changes something leaves an entry: who, what, why, from what."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app.audit import whoever

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]
Entries = Callable[..., list[dict[str, Any]]]
Tamper = Callable[..., None]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_ACTOR", "ana")


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
    edit("config/integrations/slack.yaml", "per_minute: 60", "per_minute: 59")
    factory(workspace, "run", "--month-ends")
    texts = entries(action="settings.changed", subject="config/factory.yaml")
    assert texts[0]["after"]["keys"] == {"timezone": "(text)"}
    (slack,) = entries(subject="config/integrations/slack.yaml")
    assert slack["before"]["keys"] == slack["after"]["keys"] == {"throttle.per_minute": "(value)"}


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
    accepted, reopened = entries(subject=found, actor="carla")
    assert (accepted["action"], reopened["action"]) == ("finding.accepted", "finding.reopened")
    assert (accepted["actor"], accepted["reason"]) == ("carla", "known")
    assert accepted["before"] == {"state": "accepted"}
    assert accepted["after"] == {"event": "accepted", "until": "2999-01-01"}


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


def test_exported_texts_are_masked_and_unmasking_is_told(
    factory: Factory,
    workspace: Path,
    entries: Entries,
) -> None:
    found = factory(workspace, "findings", "list", "--json").document["findings"][0]["id"]
    reason = "ABC-123456 called from +34 600 123 456, see ana@lender.example"
    factory(workspace, "findings", "accept", found, "--until", "2999-01-01",
            "--reason", reason, "--by", "carla")  # fmt: skip
    (masked,) = entries(action="finding.accepted", actor="carla")
    assert masked["reason"] == "*** called from ***, see ***"
    refused = factory(workspace, "audit", "export", "--unmasked")
    assert refused.code == 2
    outcome = factory(workspace, "audit", "export", "--unmasked", "--reason", "a court asks",
                      "--action", "finding.accepted", "--actor", "carla")  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(outcome.out))
    assert row["reason"] == reason
    (told,) = entries(action="data.exported")
    assert told["reason"] == "a court asks"
    assert told["after"] == {
        "format": "csv",
        "filter": {"actor": "carla", "action": "finding.accepted"},
    }


def test_entries_are_chosen_by_day_and_actor(
    factory: Factory, workspace: Path, entries: Entries
) -> None:
    day = entries()[0]["time"][:10]
    assert entries(**{"from": day, "to": day}) == entries()
    assert entries(to="2020-01-01") == []
    assert entries(**{"from": "2999-01-01"}) == []
    assert entries(actor="nobody") == []
    first = entries()[0]
    assert entries(actor=first["actor"])[0] == first
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
