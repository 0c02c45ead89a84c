"""A file that cannot be trusted refuses the export by name; the last good batch stays."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ingestion_book import ARRIVED_ON, Export, Lander, codes, rows

from fintech_factory.clock import FixedClock
from fintech_factory.errors import IngestError, SourceUnreadable, UsageError
from fintech_factory.ingestion import Arrival, Landing, Place, land, latest_batch
from fintech_factory.ingestion.landing.manifest import POINTER
from fintech_factory.ingestion.landing.table import LandedTable, aside
from fintech_factory.values import Finding, Severity


def refusal(landing: Landing, code: str) -> Finding:
    """Give the finding that refused a landing; it must be critical."""
    assert landing.status == "refused"
    found = next(each for each in landing.findings if each.code == code)
    assert found.severity is Severity.CRITICAL
    return found


def test_a_missing_required_table_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    del export.sheets["schedules"]
    found = refusal(lands(export.write(tmp_path / "export")), "missing_table")
    assert found.where == "schedules"


def test_a_missing_column_names_its_likely_new_name(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    header = export["loans"].header
    header[header.index("disburse_principal")] = "disbursed_principals"
    found = refusal(lands(export.write(tmp_path / "export")), "missing_column")
    assert "disburse_principal" in found.message
    assert "disbursed_principals" in found.hint


def test_two_headers_for_one_column_refuse(export: Export, lands: Lander, tmp_path: Path) -> None:
    header = export["loans"].header
    header[header.index("company")] = "moneda"
    found = refusal(lands(export.write(tmp_path / "export")), "alias_clash")
    assert "moneda" in found.message
    assert "currency" in found.message


def test_an_unknown_column_is_named_and_lands_nowhere(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    header = export["customers"].header
    header[header.index("gender")] = "favourite_colour"
    landing = lands(export.write(tmp_path / "export"))
    assert landing.status == "landed"
    found = next(each for each in landing.findings if each.code == "unknown_column")
    assert "favourite_colour" in found.message
    (described,) = rows(landing.folder / "landed" / "customers.parquet", "count(gender)")
    assert described == (0,)


def test_two_files_for_one_table_refuse(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    (source / "prestamos.csv").write_bytes((source / "loans.csv").read_bytes())
    refusal(lands(source), "duplicate_table")


def test_a_last_line_cut_short_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    path = source / "transactions.csv"
    path.write_text(path.read_text()[:-30])
    refusal(lands(source), "half_written_file")


def test_a_whole_last_line_without_line_end_lands(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    path = source / "transactions.csv"
    path.write_text(path.read_text().removesuffix("\n"))
    assert lands(source).status == "landed"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>\n", "an HTML page"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "a PDF document"),
        (b'{"error": "not found"}\n', "a JSON document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Excel workbook"),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "an XLSX workbook"),
    ],
)
def test_a_file_of_another_type_refuses(
    export: Export, lands: Lander, tmp_path: Path, content: bytes, kind: str
) -> None:
    source = export.write(tmp_path / "export")
    (source / "loans.csv").write_bytes(content)
    assert kind in refusal(lands(source), "wrong_file_type").message


def test_text_named_xlsx_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    (source / "loans.csv").rename(source / "loans.xlsx")
    refusal(lands(source), "wrong_file_type")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\n"])
def test_an_empty_file_refuses(
    export: Export, lands: Lander, tmp_path: Path, content: bytes
) -> None:
    source = export.write(tmp_path / "export")
    (source / "schedules.csv").write_bytes(content)
    refusal(lands(source), "empty_file")


def test_a_required_table_with_a_header_only_refuses(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    export["schedules"].rows.clear()
    refusal(lands(export.write(tmp_path / "export")), "empty_file")


def test_text_in_two_encodings_at_once_refuses(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    path = source / "customers.csv"
    path.write_bytes(path.read_bytes().replace("León".encode(), "León".encode("latin-1"), 1))
    refusal(lands(source), "unreadable_encoding")


def test_bytes_that_are_no_text_refuse(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    path = source / "customers.csv"
    path.write_bytes(path.read_bytes() + b"\0\0\0\n")
    refusal(lands(source), "unreadable_encoding")


def zipped(source: Path, target: Path, **extra: bytes) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.glob("*.csv")):
            archive.write(path, path.name)
        for name, content in extra.items():
            archive.writestr(name, content)
    return target


@pytest.mark.parametrize("name", ["../loans.csv", "/etc/loans.csv", "a/../../b.csv", "..\\b.csv"])
def test_an_archive_whose_paths_leave_it_refuses(
    export: Export, lands: Lander, tmp_path: Path, name: str
) -> None:
    source = export.write(tmp_path / "export")
    archive = zipped(source, tmp_path / "export.zip", **{name: b"x"})
    refusal(lands(archive), "zip_path_traversal")
    assert not (tmp_path / "loans.csv").exists()


def test_an_archive_that_swells_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    archive = zipped(source, tmp_path / "export.zip", notes=b"0" * (8 << 20))
    refusal(lands(archive), "zip_bomb")


def test_a_workbook_that_swells_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    (source / "loans.csv").unlink()
    zipped(tmp_path / "nothing", source / "loans.xlsx", **{"xl/sheet.xml": b"0" * (8 << 20)})
    refusal(lands(source), "zip_bomb")


def test_an_archive_of_too_many_files_refuses(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    many = {f"note{n}.csv": b"a,b\n" for n in range(60)}
    refusal(lands(zipped(source, tmp_path / "export.zip", **many)), "zip_bomb")


def test_an_archive_that_lies_about_its_size_refuses(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    archive = zipped(source, tmp_path / "export.zip")
    held = bytearray(archive.read_bytes())
    place = held.rindex(b"PK\x01\x02", 0, held.rindex(b"transactions.csv"))
    held[place + 24 : place + 28] = (100).to_bytes(4, "little")
    archive.write_bytes(held)
    assert lands(archive).status == "refused"


def test_an_archive_cut_short_refuses(export: Export, lands: Lander, tmp_path: Path) -> None:
    archive = zipped(export.write(tmp_path / "export"), tmp_path / "export.zip")
    archive.write_bytes(archive.read_bytes()[:-200])
    refusal(lands(archive), "half_written_file")


def test_an_archive_lands_as_its_folder_does(export: Export, lands: Lander, tmp_path: Path) -> None:
    source = export.write(tmp_path / "export")
    first = lands(source)
    again = lands(zipped(source, tmp_path / "export.zip"))
    assert (again.status, again.batch_id) == ("unchanged", first.batch_id)


def test_half_the_rows_missing_refuses_unless_accepted(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    first = lands(export.write(tmp_path / "first"))
    export["loan_par_balances"].rows = export["loan_par_balances"].rows[:239]
    source = export.write(tmp_path / "second")
    refused = lands(source)
    assert refusal(refused, "half_rows_missing").where == "loan_par_balances.csv"
    accepted = lands(source, accept_shrink=True)
    assert accepted.status == "landed"
    assert "half_rows_missing" in codes(accepted)
    assert accepted.batch_id != first.batch_id


def test_half_of_the_rows_is_enough(export: Export, lands: Lander, tmp_path: Path) -> None:
    lands(export.write(tmp_path / "first"))
    export["loan_par_balances"].rows = export["loan_par_balances"].rows[:240]
    assert lands(export.write(tmp_path / "second")).status == "landed"


def test_every_file_finding_is_told_at_once(export: Export, lands: Lander, tmp_path: Path) -> None:
    del export.sheets["schedules"]
    export["loans"].header[0] = "nonsense"
    source = export.write(tmp_path / "export")
    (source / "transactions.csv").write_bytes(b"")
    assert {"missing_table", "missing_column", "empty_file"} <= codes(lands(source))


def test_a_refused_batch_leaves_its_reasons_and_the_last_good_one_in_force(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    good = lands(export.write(tmp_path / "good"))
    for row in range(30):
        export["loans"].put(row, term="-1")
    refused = lands(export.write(tmp_path / "bad"))
    assert refused.folder == good.folder.parent / "refused" / refused.batch_id
    assert {path.name for path in refused.folder.iterdir()} == {
        "manifest.json",
        "quarantine.parquet",
    }
    assert len(rows(refused.folder / "quarantine.parquet", "*", "reasons = 'out_of_range'")) == 30
    held = json.loads(refused.manifest_path.read_text())
    assert held["status"] == "refused"
    current = latest_batch(good.folder.parent)
    assert current is not None
    assert current.batch_id == good.batch_id


def test_a_failure_on_the_way_publishes_nothing(
    export: Export, lands: Lander, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintech_factory.ingestion.landing import batch

    def disk_full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(batch, "publish", disk_full)
    with pytest.raises(OSError, match="no space"):
        lands(export.write(tmp_path / "export"))
    assert list(place.raw_root.iterdir()) == []


def test_an_end_before_the_pointer_moved_is_made_good_by_the_next_call(
    export: Export, lands: Lander, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintech_factory.ingestion.landing import batch

    lands(export.write(tmp_path / "first"))
    export["loans"].put(0, loan_status="Closed")
    arrival = Arrival((export.write(tmp_path / "second"),))
    later = FixedClock(ARRIVED_ON + timedelta(days=1))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(batch, "point_at", killed)
        with pytest.raises(KeyboardInterrupt):
            land(arrival, place, later)
    again = land(arrival, place, later)
    assert again.status == "landed"
    current = latest_batch(place.raw_root)
    assert current is not None
    assert current.batch_id == again.batch_id
    assert land(arrival, place, later).status == "unchanged"


def test_the_remains_of_a_killed_process_are_removed(
    export: Export, lands: Lander, place: Place, tmp_path: Path
) -> None:
    remains = place.raw_root / ".incoming-999999999-abcd" / "received"
    remains.mkdir(parents=True)
    lands(export.write(tmp_path / "export"))
    assert not remains.parent.exists()


def test_rows_that_do_not_add_up_publish_nothing(
    export: Export, lands: Lander, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintech_factory.ingestion.landing.statements import Statements

    whole = Statements.sound

    def losing(self: Statements, *given: object) -> str:
        return f"SELECT * FROM ({whole(self, *given)}) WHERE line_no <> 7"  # type: ignore[arg-type]

    monkeypatch.setattr(Statements, "sound", losing)
    with pytest.raises(IngestError, match="accounted for"):
        lands(export.write(tmp_path / "export"))
    assert latest_batch(place.raw_root) is None


def test_rows_lost_on_the_way_to_quarantine_publish_nothing(
    export: Export, lands: Lander, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintech_factory.ingestion.landing import crossing

    whole = crossing.exclude

    def losing(connection: Any, landed: LandedTable, marks: str) -> None:  # noqa: ANN401
        whole(connection, landed, marks)
        connection.execute(f"DELETE FROM {aside(landed.name)}")

    monkeypatch.setattr(crossing, "exclude", losing)
    export["loans"].copy(0)
    with pytest.raises(IngestError, match="241 rows came in, 240 landed and 0 are set aside"):
        lands(export.write(tmp_path / "export"))
    assert latest_batch(place.raw_root) is None


def test_rows_under_another_lines_number_publish_nothing(
    export: Export, lands: Lander, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintech_factory.ingestion.landing.statements import Statements

    whole = Statements.rows

    def shifted(self: Statements, *given: object) -> str:
        backwards = whole(self, *given)  # type: ignore[arg-type]
        return f"SELECT * REPLACE (243 - line_no AS line_no) FROM ({backwards})"

    monkeypatch.setattr(Statements, "rows", shifted)
    with pytest.raises(IngestError, match="another line's number"):
        lands(export.write(tmp_path / "export"))
    assert latest_batch(place.raw_root) is None


def test_what_is_not_there_is_said(lands: Lander, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="no such file"):
        lands(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceUnreadable, match="no export"):
        lands(tmp_path / "empty")


def test_a_workspace_without_its_contract_is_a_usage_error(
    export: Export, lands: Lander, place: Place, tmp_path: Path
) -> None:
    place.contract.unlink()
    with pytest.raises(UsageError, match="settings file is missing"):
        lands(export.write(tmp_path / "export"))


def test_a_damaged_pointer_is_named(
    export: Export, lands: Lander, place: Place, tmp_path: Path
) -> None:
    lands(export.write(tmp_path / "export"))
    (place.raw_root / POINTER).write_text("{")
    with pytest.raises(IngestError, match="pointer"):
        lands(tmp_path / "export")


def test_a_stray_quote_does_not_swallow_the_file(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    path = source / "loans.csv"
    lines = path.read_text().splitlines(keepends=True)
    lines[9] = lines[9].replace("factoring", '"factoring')
    path.write_text("".join(lines))
    landing = lands(source)
    assert landing.status == "landed"
    entry = next(each for each in landing.files if each.table == "loans")
    assert (entry.rows, entry.quarantined) == (240, 1)


def test_unreadable_zip_member_names_do_not_collide(lands: Lander, tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a/loans.csv", "x")
        archive.writestr("b/loans.csv", "y")
    (tmp_path / "export.zip").write_bytes(held.getvalue())
    assert lands(tmp_path / "export.zip").status == "refused"
