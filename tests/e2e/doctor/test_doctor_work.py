"""A database and its work that are broken: the doctor names the cause, and blames nothing else."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from doctor_world import LOOKED_AT, Look, look

from fintech_factory.pipeline.owner import Owner, _boot, _started, this_process

NEEDS_DATABASE = {
    "config.definitions", "clock.records", "runs.last", "outbox.ended", "quota.pauses",
    "audit.chain", "warehouse.committed",
}  # fmt: skip
Say = Callable[..., None]
AGO = (LOOKED_AT - timedelta(hours=1)).isoformat(timespec="microseconds")
SOON = (LOOKED_AT + timedelta(hours=1)).isoformat(timespec="microseconds")


@pytest.fixture
def database(root: Path) -> Path:
    return root / "state" / "factory.db"


@pytest.fixture
def say(database: Path) -> Say:
    """Run SQL on the database, as one who owns it may."""

    def run(statement: str, *values: object) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement, values)

    return run


def test_a_newer_database(root: Path, say: Say) -> None:
    say("UPDATE alembic_version SET version_num = '0999'")
    seen = look(root)
    assert seen.found == {"state.database_newer"}
    assert "factory --version" in seen.of("database_newer").then
    assert seen.unseen >= NEEDS_DATABASE


def test_a_file_that_is_no_database(root: Path, database: Path) -> None:
    database.write_bytes(b"x" * 8192 + database.read_bytes()[8192:])
    seen = look(root)
    assert seen.found == {"state.database_damaged"}
    assert seen.of("database_damaged").where == "state/factory.db"
    assert seen.unseen >= NEEDS_DATABASE


def test_a_database_with_a_spoilt_page(root: Path, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'inbox_item'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    held = bytearray(database.read_bytes())
    held[(page - 1) * size : page * size] = b"\xff" * size
    database.write_bytes(held)
    # All else can still be read, and is right.
    assert look(root).found == {"state.database_damaged"}


def test_a_database_that_is_gone(root: Path, database: Path) -> None:
    database.unlink()
    seen = look(root)
    assert "state.database_gone" in seen.found
    assert seen.found <= {"state.database_gone"}


def test_a_server_that_is_down(
    root: Path, edit: Callable[[str, str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from peers.faults import refusing_port

    monkeypatch.setenv("STATE_PASSWORD", "state-secret-77")
    url = f"postgresql://factory@127.0.0.1:{refusing_port()}/factory"
    edit("config/factory.yaml", "  url: null", f"  url: {url}")
    edit("config/factory.yaml", "  password: null", "  password: {env: STATE_PASSWORD}")
    seen = look(root, secrets=["state-secret-77"])
    assert seen.found == {"state.server_unreachable"}
    assert seen.unseen >= NEEDS_DATABASE

    monkeypatch.delenv("STATE_PASSWORD")
    seen = look(root)
    assert seen.found == {"secrets.secret_missing"}
    assert "state.reach" in seen.unseen


def test_a_changed_audit_trail(root: Path, database: Path, say: Say) -> None:
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        guards = [name for (name,) in names]
    for name in guards:
        say(f"DROP TRIGGER {name}")
    say("UPDATE audit_entry SET reason = 'x' WHERE sequence = 2")
    seen = look(root)
    assert seen.found == {"audit.chain_broken"}
    assert "factory audit verify" in seen.of("chain_broken").then


def slot(say: Say, **changed: object) -> None:
    held = {
        "schedule": "ingest", "slot": AGO, "does": "run", "cause": "schedule", "parameters": "{}",
        "status": "waiting", "fell_due_at": AGO, "due_at": AGO, "deferred_by": "", "attempts": 0,
        "lease_owner": "", "lease_until": None, "fence": 0, "wanted": "", "run_id": "",
        "outcome": "", "reason": "", "made_at": AGO, "finished_at": None, **changed,
    }  # fmt: skip
    marks = ", ".join("?" * len(held))
    say(f"INSERT INTO slot ({', '.join(held)}) VALUES ({marks})", *held.values())


def test_work_that_was_given_up(root: Path, say: Say) -> None:
    slot(say, status="failed", attempts=3, finished_at=AGO, reason="no model runs")
    seen = look(root)
    assert seen.found == {"runs.work_given_up"}
    assert "after 3 tries: no model runs" in seen.of("work_given_up").what


def test_the_lease_of_a_dead_process(root: Path, say: Say) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607
        owner = Owner(this_process().host, _boot(), process.pid, _started(process.pid))
        slot(say, status="running", attempts=1, lease_owner=str(owner), lease_until=SOON)
        assert look(root, "runs").found == set()
        process.kill()
    seen = look(root)
    assert seen.found == {"runs.lease_of_a_dead_process"}
    assert seen.of("lease_of_a_dead_process").then == "`factory run --due` takes it over"


def test_work_that_nobody_takes(root: Path, say: Say) -> None:
    slot(say)
    assert look(root).found == {"runs.work_not_taken"}


def test_a_process_that_fell_silent(root: Path, say: Say) -> None:
    say("INSERT INTO heartbeat (owner, started_at, seen_at) VALUES ('x', ?, ?)", AGO, AGO)
    assert look(root).found == {"runs.heartbeat_old"}


def message(say: Say, status: str, **changed: object) -> None:
    held = {
        "key": status, "channel": "slack", "address": "#risk", "language": "en", "thread": "t",
        "alert_id": "", "severity": "warning", "rank": 1, "message": "{}", "status": status,
        "created_at": AGO, "due_at": AGO, "deadline": SOON, "attempts": 1, "may_repeat": 0,
        "lease_owner": "", "lease_until": None, "fence": 1, "provider_id": "",
        "finished_at": None, "reason": "channel_not_found", **changed,
    }  # fmt: skip
    marks = ", ".join("?" * len(held))
    say(f"INSERT INTO outbox ({', '.join(held)}) VALUES ({marks})", *held.values())


@pytest.mark.parametrize(
    ("status", "changed", "code"),
    [
        ("dead", {"finished_at": AGO}, "dead_letters"),
        ("unknown", {"finished_at": AGO}, "in_doubt"),
        ("waiting", {}, "message_overdue"),
        ("leased", {"lease_until": AGO}, "sender_gone"),
    ],
)
def test_messages_that_did_not_arrive(
    root: Path, say: Say, status: str, changed: dict[str, object], code: str
) -> None:
    message(say, status, **changed)
    seen = look(root)
    assert seen.found == {f"outbox.{code}"}
    then = "replay" if status in {"dead", "unknown"} else "deliver"
    assert f"factory alerts {then}" in seen.of(code).then


def test_a_pause_that_a_provider_asked_for(root: Path, say: Say) -> None:
    message(say, "waiting", due_at=SOON)
    say(
        "INSERT INTO attempt (outbox, number, started_at, ended_at, word, provider_id, reason,"
        " retry_after_s) SELECT MAX(sequence), 1, ?, ?, 'deferred', '', '', 7200 FROM outbox",
        AGO,
        AGO,
    )
    seen: Look = look(root, "quota", "outbox")
    assert seen.found == {"quota.retry_after_in_force"}
    assert "2025-07-01 03:30:00 UTC" in seen.of("retry_after_in_force").what
