"""Nobody changes, cuts or begins the audit trail anew unseen."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# One from the beginning once more, far behind the end.
INSERTED = (
    "INSERT INTO audit_entry SELECT sequence + 1000, time, actor, action, subject, before, after,"
    " reason, run, batch_hashes, previous_hash, hash FROM audit_entry ORDER BY sequence LIMIT 1"
)

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]
Entries = Callable[..., list[dict[str, Any]]]
Tamper = Callable[..., None]


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
