"""Every planted fault is where the key says, and taking it out restores the book."""

import csv
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

Folders = tuple[Path, Path]
Entry = dict[str, Any]

QUARANTINED = {
    "missing_required", "bad_date", "bad_number", "not_finite", "out_of_range",
    "negative_principal", "duplicate_loan", "duplicate_payment", "duplicate_instalment",
    "orphan_schedule", "orphan_payment", "payment_before_disbursement", "future_payment",
    "overpayment", "currency_without_rate",
}  # fmt: skip
KEPT = {
    "orphan_loan", "rebate_negative_interest", "status_against_balance", "empty_column",
    "bucket_against_principal", "reporting_date_after_data", "constant_column", "place_case",
    "scientific_notation", "missing_place", "dictionary_mismatch", "loan_missing_in_source",
    "restructured", "balance_adjustment", "loan_id_against_loan_id_raw",
}  # fmt: skip
VARIANTS = {
    "clean": "landed", "yesterday_again": "unchanged", "restated_history": "landed",
    "two_currencies": "landed", "decimal_comma": "landed", "delimiter_semicolon": "landed",
    "dates_day_first": "landed", "ambiguous_dates": "refused", "encoding_utf_8_sig": "landed",
    "encoding_utf_16": "landed", "encoding_latin_1": "landed", "half_written": "refused",
    "half_the_rows": "refused", "renamed_column": "refused", "spanish_columns": "landed",
    "currency_without_rate": "refused", "zip_export": "landed", "zip_path_traversal": "refused",
    "zip_bomb": "refused", "wrong_type_pdf": "refused", "wrong_type_html": "refused",
    "missing_table": "refused", "missing_optional_table": "landed", "xlsx_files": "landed",
    "xlsx_workbook": "landed",
}  # fmt: skip


def key_of(folder: Path) -> list[Entry]:
    entries: list[Entry] = json.loads((folder / "hazards.json").read_text("utf-8"))
    return entries


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def cells(folder: Path, entry: Entry) -> dict[str, str]:
    text = lines(folder / entry["file"])
    header, row = csv.reader([text[0], text[entry["line"] - 1]])
    return dict(zip(header, row, strict=True))


def of(entries: list[Entry], *hazards: str) -> list[Entry]:
    found = [each for each in entries if each["hazard"] in hazards and each["line"]]
    assert found
    return found


def test_every_hazard_is_planted_and_says_what_should_become_of_it(hazardous: Folders) -> None:
    entries = key_of(hazardous[0])
    rows = [each for each in entries if each["line"]]
    expected = {each["hazard"]: each["expected"] for each in rows}
    assert expected == dict.fromkeys(QUARANTINED, "quarantined") | dict.fromkeys(KEPT, "kept")
    folders = {each["hazard"]: each["expected"] for each in entries if not each["line"]}
    assert folders == VARIANTS
    columns = {"empty_column", "constant_column", "loan_id_against_loan_id_raw"}
    count = Counter(each["hazard"] for each in rows)
    assert all(n >= 3 for hazard, n in count.items() if hazard not in columns), count


def test_each_fault_stands_on_its_line(hazardous: Folders) -> None:
    folder = hazardous[0]
    for entry in key_of(folder):
        if entry["line"] is None:
            continue
        row = cells(folder, entry)
        if entry["loan_id"]:
            assert (
                row[entry["column"]] == ""
                if entry["column"] == "loan_id" and not row.get("loan_id")
                else entry["loan_id"] in (row.get("loan_id"), row.get("loan_id_raw"))
            )
        if entry["line"] > 1 and entry["column"] and entry["hazard"] != "restructured":
            assert row[entry["column"]] == entry["planted"], entry


def test_without_the_bad_rows_the_book_is_the_clean_one(hazardous: Folders) -> None:
    faulty, clean = hazardous
    entries = key_of(faulty)
    for table in ("loans", "schedules", "transactions", "customers", "collaterals"):
        mine = [each for each in entries if each["table"] == table]
        bad = {each["line"] for each in mine if each["expected"] == "quarantined"}
        odd = {each["line"] for each in mine if each["expected"] == "kept"}
        left = [
            (text, number)
            for number, text in enumerate(lines(faulty / f"{table}.csv"), start=1)
            if number not in bad
        ]
        for (text, number), original in zip(left, lines(clean / f"{table}.csv"), strict=True):
            assert text == original or number in odd, (table, number)


def test_oddities_leave_the_ledger_as_it_was(hazardous: Folders) -> None:
    faulty, clean = hazardous
    ledger = {"principal", "interest", "fees", "to_tax", "date_paid", "date_due", "loan_id",
              "disburse_principal", "disburse_date", "currency"}  # fmt: skip
    for table in ("loans", "schedules", "transactions"):
        originals = {
            tuple(row[k] for k in sorted(ledger & row.keys())) for row in read(clean, table)
        }
        odd = [e for e in key_of(faulty) if e["table"] == table and e["expected"] == "kept"]
        for entry in odd:
            if entry["line"] > 1:
                row = cells(faulty, entry)
                assert tuple(row[k] for k in sorted(ledger & row.keys())) in originals, entry


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_source_s_balances_stay_true_but_for_the_loans_it_forgets(hazardous: Folders) -> None:
    faulty, clean = hazardous
    gone = {each["loan_id"] for each in of(key_of(faulty), "loan_missing_in_source")}
    assert len(gone) == 3
    expected = [row for row in read(clean, "loan_par_balances") if row["loan_id_raw"] not in gone]
    assert read(faulty, "loan_par_balances") == expected
    assert len(expected) < len(read(clean, "loan_par_balances"))


def test_a_duplicate_stands_below_its_original(hazardous: Folders) -> None:
    folder = hazardous[0]
    for entry in of(key_of(folder), "duplicate_payment", "duplicate_instalment"):
        text = lines(folder / entry["file"])
        assert text[entry["line"] - 1] in text[: entry["line"] - 1]


def test_two_different_loans_of_one_name_are_both_bad(hazardous: Folders) -> None:
    folder = hazardous[0]
    planted = of(key_of(folder), "duplicate_loan")
    strangers = [each for each in planted if each["loan_id"].startswith("NLZ-")]
    assert Counter(Counter(each["loan_id"] for each in strangers).values()) == {2: 3}
    assert {cells(folder, each)["disburse_principal"] for each in strangers} == {"1000.0", "2000.0"}


def test_an_overpayment_comes_after_the_loan_was_repaid(hazardous: Folders) -> None:
    folder = hazardous[0]
    bad = {
        e["line"]
        for e in key_of(folder)
        if e["file"] == "transactions.csv" and e["expected"] == "quarantined"
    }
    paid = list(enumerate(read(folder, "transactions"), start=2))
    for entry in of(key_of(folder), "overpayment"):
        row = cells(folder, entry)
        own = [
            other
            for number, other in paid
            if other["loan_id"] == row["loan_id"] and number not in bad
        ]
        lent = sum(float(o["principal"]) for o in own if o["transaction_type"] == "DISBURSEMENT")
        repaid = sum(float(o["principal"]) for o in own if o["transaction_type"] == "PAYMENT")
        assert repaid == pytest.approx(lent)
        assert all(other["date_paid"] <= row["date_paid"] for other in own)


def test_misplaced_payments_are_misplaced(hazardous: Folders) -> None:
    folder = hazardous[0]
    made = {row["loan_id"]: row["disburse_date"] for row in read(folder, "loans")}
    for entry in of(key_of(folder), "payment_before_disbursement"):
        row = cells(folder, entry)
        assert row["date_paid"] < made[row["loan_id"]]
    for entry in of(key_of(folder), "future_payment"):
        assert cells(folder, entry)["date_paid"] > "2035"


def test_orphans_have_no_parent(hazardous: Folders) -> None:
    folder = hazardous[0]
    loans = {row["loan_id"] for row in read(folder, "loans")}
    borrowers = {row["customer_id"] for row in read(folder, "customers")}
    for entry in of(key_of(folder), "orphan_schedule", "orphan_payment"):
        assert entry["loan_id"] not in loans
    for entry in of(key_of(folder), "orphan_loan"):
        assert entry["planted"] not in borrowers


def test_a_hazard_book_of_many_chunks_keeps_its_tail(tmp_path: Path) -> None:
    from fintech_factory import book
    from fintech_factory.book import borrowers, make

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "_plant_variants", lambda *_: [])
        patch.setattr(borrowers, "CHUNK_LOANS", 500)
        for name in ("faulty", "clean"):
            plan = book.BookPlan(loans=1_200, months=12, seed=8, hazards=name == "faulty")
            manifest = book.generate(plan, tmp_path / name)
            assert manifest.rows("loans") == len(read(tmp_path / name, "loans"))
    test_without_the_bad_rows_the_book_is_the_clean_one((tmp_path / "faulty", tmp_path / "clean"))


@pytest.fixture
def variant(hazardous: Folders) -> Path:
    return hazardous[0] / "variants"


def test_every_variant_has_its_folder(variant: Path) -> None:
    assert {path.name for path in variant.iterdir()} == set(VARIANTS)


def test_yesterday_s_file_is_the_same_and_a_restated_one_is_not(variant: Path) -> None:
    for path in (variant / "clean").iterdir():
        assert path.read_bytes() == (variant / "yesterday_again" / path.name).read_bytes()
    changed = {
        path.name
        for path in (variant / "clean").iterdir()
        if path.read_bytes() != (variant / "restated_history" / path.name).read_bytes()
    }
    assert changed == {"transactions.csv"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("encoding_utf_8_sig", "utf-8-sig"),
        ("encoding_utf_16", "utf-16"),
        ("encoding_latin_1", "latin-1"),
    ],
)
def test_encodings_hold_the_same_text(variant: Path, name: str, encoding: str) -> None:
    for path in (variant / "clean").iterdir():
        other = variant / name / path.name
        assert other.read_text(encoding) == path.read_text("utf-8")
    with pytest.raises(UnicodeDecodeError) if encoding != "utf-8-sig" else _nothing():
        (variant / name / "loans.csv").read_text("utf-8")


class _nothing:  # noqa: N801 - stands where a raise is not expected
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def test_every_ambiguous_date_reads_both_ways(variant: Path) -> None:
    days = [row["date_paid"] for row in read(variant / "ambiguous_dates", "transactions")]
    assert all(1 <= int(day[:2]) <= 12 and 1 <= int(day[3:5]) <= 12 for day in days)
    first = [row["date_paid"] for row in read(variant / "dates_day_first", "transactions")]
    assert any(int(day[:2]) > 12 for day in first)


def test_decimal_commas_stand_between_semicolons(variant: Path) -> None:
    head, first, *_ = lines(variant / "decimal_comma" / "schedules.csv")
    assert head.count(";") == first.count(";") == 9
    assert "." not in first
    assert first.count(",") == 7


def test_a_half_written_file_ends_mid_row(variant: Path) -> None:
    last = lines(variant / "half_written" / "transactions.csv")[-1]
    assert last.count(",") < 10
    whole = (variant / "clean" / "transactions.csv").read_text("utf-8")
    assert whole.startswith((variant / "half_written" / "transactions.csv").read_text("utf-8"))


def test_half_the_rows_are_missing(variant: Path) -> None:
    rest = read(variant / "half_the_rows", "transactions")
    whole = read(variant / "clean", "transactions")
    assert len(whole) * 2 // 5 < len(rest) < len(whole) / 2
    assert rest[-1] == whole[-1]


def test_a_currency_without_a_rate_has_none(variant: Path) -> None:
    folder = variant / "currency_without_rate"
    loans = Counter(row["currency"] for row in read(folder, "loans"))
    assert 0.1 < loans["XAF"] / loans.total() < 0.6
    assert {row["loan_ccy"] for row in read(folder, "loan_par_balances")} == {"USD"}


def test_archives_are_what_they_are_called(variant: Path) -> None:
    with zipfile.ZipFile(variant / "zip_path_traversal" / "export.zip") as archive:
        assert "../outside.csv" in archive.namelist()
    bomb = variant / "zip_bomb" / "export.zip"
    with zipfile.ZipFile(bomb) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert unpacked > 300 * bomb.stat().st_size
    with zipfile.ZipFile(variant / "zip_export" / "export.zip") as archive:
        assert archive.read("loans.csv") == (variant / "clean" / "loans.csv").read_bytes()


def test_wrong_files_and_missing_ones(variant: Path) -> None:
    assert (variant / "wrong_type_pdf" / "loans.csv").read_bytes().startswith(b"%PDF-")
    assert b"<html" in (variant / "wrong_type_html" / "loans.csv").read_bytes()
    assert not (variant / "missing_table" / "transactions.csv").exists()
    assert (variant / "missing_optional_table" / "transactions.csv").exists()
    assert not (variant / "missing_optional_table" / "collaterals.csv").exists()


def test_columns_are_renamed(variant: Path) -> None:
    assert "ticket_total" in lines(variant / "renamed_column" / "loans.csv")[0]
    assert "id_prestamo" in lines(variant / "spanish_columns" / "schedules.csv")[0]


def test_workbooks_hold_the_same_rows(variant: Path) -> None:
    from python_calamine import CalamineWorkbook

    expected = len(lines(variant / "clean" / "loans.csv"))
    one = CalamineWorkbook.from_path(str(variant / "xlsx_files" / "loans.xlsx"))
    assert len(one.get_sheet_by_name("loans").to_python()) == expected
    whole = CalamineWorkbook.from_path(str(variant / "xlsx_workbook" / "export.xlsx"))
    assert set(whole.sheet_names) == {path.stem for path in (variant / "clean").iterdir()}
