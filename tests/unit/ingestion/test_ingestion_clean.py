"""A clean export lands whole, once."""

import json
import stat
from datetime import date
from pathlib import Path

import pytest
from ingestion_book import ARRIVED_ON, Export, Lander, make_export, place_in, rows

from fintech_factory.clock import FixedClock
from fintech_factory.ingestion import Arrival, Landing, land, latest_batch, open_batch
from fintech_factory.ingestion.landing.manifest import POINTER


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """One landing of the clean export, looked at by many tests."""
    folder = tmp_path_factory.mktemp("clean")
    source = make_export().write(folder / "export")
    return land(Arrival((source,)), place_in(folder), FixedClock(ARRIVED_ON))


def table(landing: Landing, name: str) -> Path:
    return landing.folder / "landed" / f"{name}.parquet"


def test_every_row_of_a_clean_export_lands(landing: Landing) -> None:
    assert landing.status == "landed"
    counts = {each.table: (each.rows, each.landed, each.quarantined) for each in landing.files}
    assert counts["loans"] == (240, 240, 0)
    assert counts["schedules"] == counts["transactions"] == (480, 480, 0)
    assert counts["loan_par_balances"] == (480, 480, 0)


def test_an_absent_optional_table_lands_empty_with_its_columns(landing: Landing) -> None:
    assert rows(table(landing, "collaterals")) == []
    assert rows(table(landing, "collaterals"), "count(appraisal_value)") == [(0,)]


def test_line_numbers_are_those_of_the_received_file(landing: Landing) -> None:
    received = (landing.folder / "received" / "transactions.csv").read_text().splitlines()
    for line, loan, principal in rows(table(landing, "transactions"), "line_no,loan_id,principal"):
        cells = received[line - 1].split(",")
        assert (cells[0], float(cells[3])) == (loan, float(principal))


def test_a_loan_key_is_the_line_of_its_loan(landing: Landing) -> None:
    lines = dict(rows(table(landing, "loans"), "loan_id, line_no"))
    for name in ("schedules", "transactions"):
        for key, loan in rows(table(landing, name), "loan_key, loan_id"):
            assert lines[loan] == key


def test_landed_columns_have_the_types_of_the_contract(landing: Landing) -> None:
    kinds = rows(
        table(landing, "loans"),
        "DISTINCT typeof(disburse_principal), typeof(interest_rate), typeof(disburse_date),"
        " typeof(term), typeof(line_no), typeof(lender)",
    )
    assert kinds == [("DECIMAL(18,6)", "DECIMAL(18,8)", "DATE", "BIGINT", "BIGINT", "VARCHAR")]


def test_empty_text_lands_as_null(landing: Landing) -> None:
    assert rows(table(landing, "customers"), "count(gender), count(*)") == [(0, 60)]


def test_the_as_of_date_is_the_last_day_of_the_data_unless_it_is_declared(
    landing: Landing, export: Export, lands: Lander, tmp_path: Path
) -> None:
    assert landing.as_of == landing.data_through == date(2025, 3, 26)
    declared = lands(export.write(tmp_path / "export"), as_of=date(2025, 6, 30))
    assert (declared.as_of, declared.data_through) == (date(2025, 6, 30), date(2025, 3, 26))
    assert declared.batch_id.startswith("cascade-20250630-")


def test_control_totals_are_exact(landing: Landing) -> None:
    totals = {each.table: each.totals for each in landing.files}
    assert totals["schedules"]["landed"]["principal"] == "240120.000000"
    assert totals["transactions"]["landed"]["interest"] == "4860.000000"
    assert totals["transactions"]["quarantined"]["interest"] == "0"


def test_received_files_keep_their_bytes_and_cannot_be_written(landing: Landing) -> None:
    received = landing.folder / "received" / "loans.csv"
    assert received.read_text() == make_export()["loans"].text()
    assert not received.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_a_batch_opens_from_its_manifest(landing: Landing) -> None:
    raw_root = landing.folder.parent
    batch = latest_batch(raw_root)
    assert batch is not None
    assert batch == open_batch(raw_root, landing.batch_id)
    assert batch.manifest == landing.manifest
    assert set(batch.tables) == {each.table for each in landing.files} | {"fx_rates"}


def test_nothing_but_batches_and_their_pointer_is_left(landing: Landing) -> None:
    left = {path.name for path in landing.folder.parent.iterdir()}
    assert left == {landing.batch_id, POINTER}
    inside = {path.name for path in landing.folder.iterdir()}
    assert inside == {"received", "landed", "manifest.json", "quarantine.parquet"}


def test_the_manifest_states_how_each_column_was_read(landing: Landing) -> None:
    readings = {each.table: each.readings for each in landing.files}
    assert readings["loans"]["disburse_date"]["format"] == "YYYY-MM-DD"
    assert readings["loans"]["disburse_principal"]["format"] == "1234.56"
    assert readings["loan_par_balances"]["par_30_balance_usd"]["header"] == "PAR_30_balance_usd"


def test_the_same_export_again_is_unchanged(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    first = lands(source)
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = lands(source)
    assert again.status == "unchanged"
    assert again.batch_id == first.batch_id
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before


def test_changed_content_is_a_new_batch_and_the_old_one_stays(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    first = lands(export.write(tmp_path / "export"))
    export["loans"].put(0, loan_status="Closed")
    second = lands(export.write(tmp_path / "export"))
    assert second.status == "landed"
    assert second.batch_id != first.batch_id
    assert open_batch(first.folder.parent, first.batch_id).manifest == first.manifest
    assert json.loads((first.folder.parent / POINTER).read_text())["batch_id"] == second.batch_id


def test_a_change_that_keeps_the_files_size_is_seen(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    first = lands(export.write(tmp_path / "export"))
    export["loans"].put(0, loan_status="Kurrent")
    assert lands(export.write(tmp_path / "export")).batch_id != first.batch_id


def test_yesterdays_export_again_does_not_become_the_current_one(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    first = lands(export.write(tmp_path / "first"))
    export["loans"].put(0, loan_status="Closed")
    second = lands(export.write(tmp_path / "second"))
    again = lands(tmp_path / "first")
    assert (again.status, again.batch_id) == ("unchanged", first.batch_id)
    current = latest_batch(first.folder.parent)
    assert current is not None
    assert current.batch_id == second.batch_id
    assert [each.code for each in again.findings if each not in first.findings] == ["landed_before"]


def test_an_export_of_an_earlier_day_does_not_become_the_current_one(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    newer = lands(export.write(tmp_path / "newer"), as_of=date(2025, 6, 30))
    older = lands(export.write(tmp_path / "newer"), as_of=date(2025, 5, 31))
    assert older.status == "landed"
    current = latest_batch(newer.folder.parent)
    assert current is not None
    assert current.batch_id == newer.batch_id


def test_a_changed_contract_lands_the_same_files_anew(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    first = lands(export.write(tmp_path / "export"))
    contract = tmp_path / "cascade.yaml"
    contract.write_text(contract.read_text().replace("max_bad_row_pct: 1.0", "max_bad_row_pct: 2"))
    assert lands(tmp_path / "export").batch_id != first.batch_id


def test_a_changed_maintenance_setting_changes_nothing(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    lands(export.write(tmp_path / "export"))
    factory = tmp_path / "factory.yaml"
    factory.write_text(factory.read_text().replace("timezone: UTC", "timezone: America/Lima"))
    assert lands(tmp_path / "export").status == "unchanged"


def test_line_numbers_hold_in_a_file_larger_than_the_parsers_buffer(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    loans = export["loans"]
    template = loans.rows[0]
    for number in range(90_000):
        loans.rows.append([f"M-{number}", *template[1:3], "x" * 600, *template[4:]])
    landing = lands(export.write(tmp_path / "export"))
    assert landing.status == "landed"
    wrong = rows(
        table(landing, "loans"),
        "count(*)",
        "loan_id LIKE 'M-%' AND line_no <> 242 + substr(loan_id, 3)::BIGINT",
    )
    assert wrong == [(0,)]
