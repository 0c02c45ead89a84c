"""A workspace whose files are broken: the doctor names the cause, and blames nothing else."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from doctor_world import LOOKED_AT, look

from fintech_factory.app.doctor import all_areas
from fintech_factory.clock import FixedClock

Edit = Callable[[str, str, str], None]

# What is read with the help of the workspace's own settings.
NEEDS_SETTINGS = {"secrets.workspace", "secrets.signing_key", "warehouse.tables"}


def take_off_the_list(root: Path, channel: str) -> None:
    """Say in config/alerts.yaml that a channel is no longer known to be off."""
    path = root / "config" / "alerts.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("channels_off: [")
    end = text.index("]", start)
    names = [each.strip() for each in text[start:end].partition("[")[2].split(",")]
    kept = ", ".join(each for each in names if each != channel)
    path.write_text(f"{text[:start]}channels_off: [{kept}{text[end:]}", encoding="utf-8")


def test_a_healthy_workspace_has_no_finding(root: Path) -> None:
    seen = look(root)
    assert (seen.found, seen.unseen) == (set(), set())
    assert seen.report.is_healthy
    # It is as it is shipped: nobody outside is told, and that is not wrong.
    assert seen.noted == {"channels.nobody_reached"}


def test_no_check_is_silent(root: Path) -> None:
    seen = {(each.area, each.check) for each in look(root).report.seen}
    assert seen == {(area.name, check) for area in all_areas() for check in area.checks}


def test_an_empty_workspace_has_no_finding(empty_workspace: Path, tmp_path: Path) -> None:
    root = tmp_path / "empty"
    shutil.copytree(empty_workspace, root)
    seen = look(root)
    assert (seen.found, seen.unseen) == (set(), set())
    assert {"warehouse.nothing_published", "export.nothing_ingested"} <= seen.noted


def test_lost_settings(root: Path) -> None:
    (root / "config" / "factory.yaml").unlink()
    seen = look(root)
    assert seen.found == {"config.settings_missing"}
    assert seen.of("settings_missing").where.endswith("config/factory.yaml")
    assert "factory init" in seen.of("settings_missing").then
    assert seen.unseen >= NEEDS_SETTINGS


def test_lost_folder_of_settings(root: Path) -> None:
    shutil.rmtree(root / "config")
    seen = look(root)
    assert seen.found == {"config.settings_missing"}
    assert seen.of("settings_missing").where == "config/"


def test_settings_that_are_no_yaml(root: Path, edit: Edit) -> None:
    edit("config/factory.yaml", "timezone: UTC", 'timezone: "UTC')
    seen = look(root)
    assert seen.found == {"config.settings_wrong"}
    wrong = seen.of("settings_wrong")
    lines = len((root / "config/factory.yaml").read_text().splitlines())
    # Where the quote that is never closed runs into the end of the file.
    assert wrong.where.endswith(f"config/factory.yaml:{lines + 1}:1")
    assert "factory check" in wrong.then
    assert seen.unseen == NEEDS_SETTINGS


def test_one_wrong_settings_file_hides_only_what_needs_it(root: Path, edit: Edit) -> None:
    edit("config/validation.yaml", "cadence: daily", "cadence: dayly")
    seen = look(root)
    assert seen.found == {"config.settings_wrong"}
    assert "config/validation.yaml:" in seen.of("settings_wrong").where
    assert seen.unseen == {"export.due"}


def test_settings_of_a_channel_that_are_wrong(root: Path, edit: Edit) -> None:
    edit("config/integrations/slack.yaml", "enabled: false", "enabled: maybe")
    seen = look(root)
    assert seen.found == {"config.settings_wrong"}
    assert "channels.probes" in seen.unseen


def test_a_definition_that_was_changed_under_its_version(root: Path, edit: Edit) -> None:
    path = "config/kpis/kpi_definitions.yaml"
    text = (root / path).read_text(encoding="utf-8")
    start = text.index("  par_90:")
    limits = text.index("warning:", start)
    line = text[limits : text.index("\n", limits)]
    edit(path, text[start:limits] + line, text[start:limits] + line.replace("3", "2.5"))
    seen = look(root)
    assert seen.found == {"config.definition_changed"}
    assert "kpi_definitions.yaml:" in seen.of("definition_changed").where
    assert "factory kpi diff" in seen.of("definition_changed").then


def test_lost_models(root: Path) -> None:
    shutil.rmtree(root / "sql" / "models")
    assert look(root).found == {"config.models_missing"}


def test_a_version_that_is_gone(root: Path) -> None:
    (version,) = (root / "warehouse" / "versions").glob("*.duckdb")
    version.unlink()
    seen = look(root)
    assert seen.found == {"warehouse.version_missing"}
    assert seen.of("version_missing").where == f"warehouse/versions/{version.name}"
    assert "factory run --force" in seen.of("version_missing").then
    assert {"warehouse.tables", "warehouse.committed"} <= seen.unseen


def test_a_version_that_is_no_database(root: Path) -> None:
    (version,) = (root / "warehouse" / "versions").glob("*.duckdb")
    version.write_bytes(b"x" * 4096 + version.read_bytes()[4096:])
    seen = look(root)
    assert seen.found == {"warehouse.version_unreadable"}
    assert "factory run --force" in seen.of("version_unreadable").then
    assert seen.unseen == set()


def test_a_version_with_a_spoilt_table(root: Path) -> None:
    (version,) = (root / "warehouse" / "versions").glob("*.duckdb")
    held = bytearray(version.read_bytes())
    # The headers stay: it opens, and what is inside does not hold its checksums.
    for place in range(3 * 4096 + 262_144, len(held), 262_144):
        held[place : place + 64] = bytes(64)
    version.write_bytes(held)
    assert look(root).found == {"warehouse.version_unreadable"}


def test_a_pointer_that_says_nothing(root: Path) -> None:
    (root / "warehouse" / "CURRENT").write_text("{")
    seen = look(root)
    assert seen.found == {"warehouse.pointer_unreadable"}
    assert seen.of("pointer_unreadable").where == "warehouse/CURRENT"


def test_a_pointer_that_is_gone(root: Path) -> None:
    (root / "warehouse" / "CURRENT").unlink()
    assert look(root).found == {"warehouse.pointer_missing"}


def test_what_a_killed_run_left(root: Path) -> None:
    (root / "warehouse" / "versions" / ".20250701-half.duckdb").write_bytes(b"half")
    seen = look(root)
    assert seen.found == {"warehouse.abandoned_build"}
    assert seen.of("abandoned_build").where == "warehouse/versions/.20250701-half.duckdb"


def test_a_batch_whose_files_are_gone(root: Path) -> None:
    for path in (root / "warehouse" / "raw" / "cascade").glob("*/landed/loans.parquet"):
        path.unlink()
    seen = look(root)
    assert seen.found == {"export.batch_incomplete"}
    assert "loans" in seen.of("batch_incomplete").what


def test_a_folder_that_is_gone(root: Path) -> None:
    (root / "inbox").rmdir()
    assert look(root).found == {"disk.folder_missing"}


def test_a_disk_that_may_only_be_read(root: Path, disk: Path) -> None:
    there = disk / "workspace"
    shutil.copytree(root, there)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S607
    seen = look(there)
    assert "disk.folder_read_only" in seen.found
    # A file in outputs/ could not be written either, and a disk of 60 MB is nearly full.
    assert seen.found <= {"disk.folder_read_only", "disk.disk_low", "disk.disk_full",
                          "channels.channel_wrong"}  # fmt: skip
    assert seen.unseen == set()
    (first, *_) = [each for each in seen.report.seen if each.code == "folder_read_only"]
    assert (first.where, "read only" in first.what) == ("warehouse/", True)


def test_a_full_disk(root: Path, disk: Path) -> None:
    there = disk / "workspace"
    shutil.copytree(root, there)
    with (disk / "filler").open("wb") as out:
        out.write(b"x" * max(shutil.disk_usage(disk).free - 1_000_000, 0))
    seen = look(there)
    assert seen.found == {"disk.disk_full"}
    full = seen.of("disk_full")
    assert "warehouse/" in full.where
    assert full.then.startswith("`df -h ")
    assert (disk / "filler").stat().st_size > 0
    # Filled to the last byte, the look is the same: it writes nothing.
    with (disk / "filler").open("ab") as out:
        out.write(b"x" * shutil.disk_usage(disk).free)
    assert look(there).found == {"disk.disk_full"}


def test_a_clock_that_was_put_back(root: Path) -> None:
    seen = look(root, clock=FixedClock(LOOKED_AT - timedelta(hours=2)))
    assert seen.found == {"clock.clock_behind"}
    behind = seen.of("clock_behind")
    assert "90 minutes before" in behind.what
    assert "date -u" in behind.then


def test_an_export_that_is_late(root: Path) -> None:
    seen = look(root, clock=FixedClock(LOOKED_AT + timedelta(days=1, hours=2)))
    assert seen.found == {"export.export_overdue"}
    assert "2025-07-02 03:30 UTC" in seen.of("export_overdue").what


def test_a_half_written_export(root: Path) -> None:
    (root / "inbox" / "loans.csv").write_text("loan_id,customer_id\nL1,C", encoding="utf-8")
    os.utime(root / "inbox" / "loans.csv", (0, 0))
    seen = look(root)
    # The inode was changed a moment ago: it may be on its way.
    assert (seen.found, seen.noted - {"channels.nobody_reached"}) == (
        set(),
        {"export.export_arriving"},
    )
    edited = root / "config" / "pipelines" / "data_orchestration.yaml"
    text = edited.read_text(encoding="utf-8")
    edited.write_text(text.replace("settle_seconds: 2", "settle_seconds: 0"), encoding="utf-8")
    seen = look(root)
    assert seen.found == {"export.export_half_written"}
    half = seen.of("export_half_written")
    assert half.where == "inbox/loans.csv"
    assert "the last line of loans.csv has no end yet" in half.what
    assert "refuses it in 15 minutes" in half.then


def test_an_export_that_was_refused(
    root: Path, tmp_path: Path, factory: Callable[..., object]
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "loans.csv").write_text("loan_id,colour\nL1,blue\n", encoding="utf-8")
    assert factory(root, "ingest", "cascade", bad).code == 1  # type: ignore[attr-defined]
    seen = look(root, "export", clock=FixedClock(LOOKED_AT))
    assert seen.found == {"export.export_refused"}
    refused = seen.of("export_refused")
    assert refused.where.startswith("warehouse/raw/cascade/refused/")
    assert "factory ingest cascade" in refused.then


def test_a_signing_key_that_is_gone(root: Path) -> None:
    (root / "state" / "audit" / "key.pem").unlink()
    seen = look(root)
    assert seen.found == {"secrets.signing_key_missing"}
    assert seen.of("signing_key_missing").where == "state/audit/key.pem"


def test_a_signing_key_that_others_can_read(root: Path) -> None:
    key = root / "state" / "audit" / "key.pem"
    key.chmod(0o644)
    seen = look(root)
    assert seen.found == {"secrets.signing_key_open"}
    assert f"`chmod 600 {key}`" in seen.of("signing_key_open").then


def test_a_signing_key_of_another_workspace(root: Path) -> None:
    from fintech_factory.state.audit_key import make_key

    key = root / "state" / "audit" / "key.pem"
    key.unlink()
    make_key(key)
    assert look(root).found == {"secrets.signing_key_wrong"}


def test_a_signing_key_that_is_no_key(root: Path) -> None:
    (root / "state" / "audit" / "key.pem").write_text("hello")
    assert look(root, secrets=["hello"]).found == {"secrets.signing_key_wrong"}


def test_a_variable_that_is_not_set(
    root: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LENDER_SLACK", raising=False)
    added = "enabled: true\ntoken: {env: LENDER_SLACK}"
    edit("config/integrations/slack.yaml", "enabled: false", added)
    take_off_the_list(root, "slack")
    seen = look(root)
    assert seen.found == {"secrets.secret_missing"}
    missing = seen.of("secret_missing")
    assert missing.where == "config/integrations/slack.yaml: token"
    assert "LENDER_SLACK" in missing.what
    # That it cannot be reached without it is no finding of its own.
    assert seen.unseen == {"channels.probes"}


def test_a_secret_that_others_can_read(root: Path, edit: Edit, tmp_path: Path) -> None:
    secret = tmp_path / "cookie"
    secret.write_text("session=abc\n")
    secret.chmod(0o640)
    edit(
        "config/integrations/cascade.yaml",
        "download:\n",
        f"download:\n  cookie: {{file: {secret}}}\n",
    )
    seen = look(root, secrets=["session=abc"])
    assert seen.found == {"secrets.secret_open"}
    assert seen.of("secret_open").where == "config/integrations/cascade.yaml: download.cookie"
