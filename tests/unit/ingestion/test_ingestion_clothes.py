"""The same book in other clothes lands as the same rows; what reads two ways is refused."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingestion_book import Export, Lander, Sheet, codes, make_export, rows

from fintech_factory.ingestion import Landing

Row = tuple[Any, ...]


def book(landing: Landing) -> dict[str, list[Row]]:
    """Give every landed row of every table."""
    assert landing.status == "landed", [each.message for each in landing.findings]
    folder = landing.folder / "landed"
    return {path.stem: rows(path) for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture
def plain(lands: Lander, export: Export, tmp_path: Path) -> dict[str, list[Row]]:
    """Give the book as the plain files land it."""
    return book(lands(export.write(tmp_path / "plain")))


def each_cell(export: Export, change: Callable[[str], str]) -> Export:
    for sheet in export.sheets.values():
        sheet.rows = [[change(cell) for cell in row] for row in sheet.rows]
    return export


def is_day(cell: str) -> bool:
    return len(cell) == 10 and cell[4] == cell[7] == "-"


def day_first(cell: str) -> str:
    return f"{cell[8:]}/{cell[5:7]}/{cell[:4]}" if is_day(cell) else cell


def month_first(cell: str) -> str:
    return f"{cell[5:7]}/{cell[8:]}/{cell[:4]}" if is_day(cell) else cell


def is_amount(cell: str) -> bool:
    return "." in cell and cell.replace(".", "", 1).isdigit()


def comma(cell: str) -> str:
    return cell.replace(".", ",") if is_amount(cell) else cell


def thousands(cell: str) -> str:
    return f"{float(cell):,.2f}" if is_amount(cell) else cell


def european(cell: str) -> str:
    return thousands(cell).translate(str.maketrans(",.", ".,")) if is_amount(cell) else cell


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_an_encoding_changes_no_row(
    plain: dict[str, list[Row]], lands: Lander, tmp_path: Path, encoding: str
) -> None:
    landing = lands(make_export().write(tmp_path / "export", encoding=encoding))
    assert book(landing) == plain
    stated = {each.encoding for each in landing.files if each.table == "customers"}
    named = {"utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16 LE", "latin-1": "Latin-1"}
    assert stated == {
        named.get(encoding, encoding.upper().replace("-LE", " LE").replace("-BE", " BE"))
    }


@pytest.mark.parametrize(
    ("delimiter", "end"), [(";", "\n"), ("\t", "\n"), ("|", "\n"), (",", "\r\n")]
)
def test_a_delimiter_changes_no_row(
    plain: dict[str, list[Row]], lands: Lander, tmp_path: Path, delimiter: str, end: str
) -> None:
    landing = lands(make_export().write(tmp_path / "export", delimiter=delimiter, end=end))
    assert book(landing) == plain
    assert {each.delimiter for each in landing.files if each.file} == {delimiter}


CLOTHES: dict[str, tuple[Callable[[str], str], str, str]] = {
    "day first": (day_first, "disburse_date", "%d/%m/%Y"),
    "month first": (month_first, "disburse_date", "%m/%d/%Y"),
    "bare": (
        lambda cell: cell.replace("-", "") if is_day(cell) else cell,
        "disburse_date",
        "%Y%m%d",
    ),
    "midnight": (
        lambda cell: f"{cell} 00:00:00" if is_day(cell) else cell,
        "disburse_date",
        "YYYY-MM-DD",
    ),
    "comma": (comma, "disburse_principal", "1234,56"),
    "thousands": (thousands, "disburse_principal", "1,234.56"),
    "european": (european, "disburse_principal", "1.234,56"),
    "padded": (lambda cell: f"  {cell} ", "disburse_principal", "1234.56"),
}


@pytest.mark.parametrize("worn", CLOTHES)
def test_a_format_changes_no_row_and_is_stated(
    plain: dict[str, list[Row]], lands: Lander, tmp_path: Path, worn: str
) -> None:
    change, column, stated = CLOTHES[worn]
    export = each_cell(make_export(), change)
    landing = lands(export.write(tmp_path / "export", delimiter=";"))
    assert book(landing) == plain
    readings = next(each.readings for each in landing.files if each.table == "loans")
    assert readings[column]["format"] == stated


def test_spanish_headers_change_no_row(
    plain: dict[str, list[Row]], lands: Lander, export: Export, tmp_path: Path
) -> None:
    spanish = {
        "loans": {"loan_id": "ID Préstamo", "disburse_date": "Fecha de Desembolso"},
        "transactions": {"loan_id": "id_prestamo", "date_paid": "FECHA DE PAGO"},
        "schedules": {"principal": "Capital", "interest": "Interés"},
    }
    for name, headers in spanish.items():
        sheet = export[name]
        sheet.header = [headers.get(each, each) for each in sheet.header]
    for row in export["transactions"].rows:
        row[1] = {"PAYMENT": "Pago", "DISBURSEMENT": "desembolso"}[row[1]]
    assert book(lands(export.write(tmp_path / "export"))) == plain


def test_columns_in_another_order_change_no_row(
    plain: dict[str, list[Row]], lands: Lander, export: Export, tmp_path: Path
) -> None:
    for sheet in export.sheets.values():
        sheet.header.reverse()
        for row in sheet.rows:
            row.reverse()
    assert book(lands(export.write(tmp_path / "export"))) == plain


def write_sheet(workbook: xlsxwriter.Workbook, name: str, sheet: Sheet) -> None:
    page = workbook.add_worksheet(name)
    for number, row in enumerate([sheet.header, *sheet.rows]):
        page.write_row(number, 0, [float(cell) if is_amount(cell) else cell for cell in row])


@pytest.mark.parametrize("one_workbook", [True, False])
def test_workbooks_change_no_row(
    plain: dict[str, list[Row]],
    lands: Lander,
    tmp_path: Path,
    one_workbook: bool,  # noqa: FBT001
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    sheets = make_export().sheets
    groups = {"Export": sheets} if one_workbook else {name: {name: sheets[name]} for name in sheets}
    for stem, group in groups.items():
        with xlsxwriter.Workbook(folder / f"{stem}.xlsx") as workbook:
            for name, sheet in group.items():
                write_sheet(workbook, name, sheet)
    landing = lands(folder)
    assert book(landing) == plain
    assert {path.suffix for path in (landing.folder / "received").iterdir()} == {".xlsx"}


def test_dates_that_read_two_ways_refuse_with_both_readings(
    lands: Lander, export: Export, tmp_path: Path
) -> None:
    for number, row in enumerate(export["schedules"].rows):
        row[1] = ("03/04/2025", "05/06/2025")[number % 2]
    landing = lands(export.write(tmp_path / "export"))
    assert landing.status == "refused"
    (found,) = [each for each in landing.findings if each.code == "ambiguous_format"]
    assert found.evidence[0]["readings"] == ["2025-04-03", "2025-03-04"]
    assert "date_due" in found.message


def test_one_day_above_twelve_anywhere_settles_the_dates(lands: Lander, tmp_path: Path) -> None:
    export = make_export(4000)
    for number, row in enumerate(export["schedules"].rows):
        row[1] = ("03/04/2025", "05/06/2025")[number % 2]
    export["schedules"].put(5000, date_due="13/04/2025")  # far from the sampled ends
    landing = lands(export.write(tmp_path / "export"))
    assert landing.status == "landed"
    due = rows(landing.folder / "landed" / "schedules.parquet", "DISTINCT date_due")
    assert [str(day) for (day,) in due] == ["2025-04-03", "2025-04-13", "2025-06-05"]


def test_a_declared_format_settles_the_dates(lands: Lander, export: Export, tmp_path: Path) -> None:
    for number, row in enumerate(export["schedules"].rows):
        row[1] = ("03/04/2025", "05/06/2025")[number % 2]
    contract = tmp_path / "cascade.yaml"
    declared = "date_due: {type: date, format: '%m/%d/%Y', "
    contract.write_text(contract.read_text().replace("date_due: {type: date, ", declared))
    landing = lands(export.write(tmp_path / "export"))
    due = rows(landing.folder / "landed" / "schedules.parquet", "DISTINCT date_due")
    assert [str(day) for (day,) in due] == ["2025-03-04", "2025-05-06"]


@pytest.mark.parametrize("amount", ["1.234", "1,234"])
def test_numbers_that_read_two_ways_refuse(
    lands: Lander, export: Export, tmp_path: Path, amount: str
) -> None:
    for row in export["schedules"].rows:
        row[3] = amount
    landing = lands(export.write(tmp_path / "export", delimiter=";"))
    (found,) = [each for each in landing.findings if each.code == "ambiguous_format"]
    assert set(found.evidence[0]["readings"]) == {"1.234", "1234"}


def test_a_sign_that_first_comes_mid_file_is_not_guessed_at(lands: Lander, tmp_path: Path) -> None:
    export = make_export(4000)
    for row in export["schedules"].rows:
        row[3] = "950"
    export["schedules"].put(5000, interest="1.050")
    landing = lands(export.write(tmp_path / "export"))
    assert "ambiguous_format" in codes(landing)
    export["schedules"].put(5001, interest="1.050,75")
    export["schedules"].put(5002, interest="20,5")
    landed = lands(export.write(tmp_path / "export", delimiter=";"))
    found = dict(
        rows(
            landed.folder / "landed" / "schedules.parquet",
            "line_no, interest",
            "line_no BETWEEN 5001 AND 5005",
        )
    )
    assert [str(found[line]) for line in (5001, 5002, 5003, 5004)] == [
        "950.000000",
        "1050.000000",
        "1050.750000",
        "20.500000",
    ]


def test_each_column_has_its_own_format(lands: Lander, export: Export, tmp_path: Path) -> None:
    for row in export["schedules"].rows:
        row[1] = day_first(row[1])
        row[2] = comma(row[2])
    landing = lands(export.write(tmp_path / "export", delimiter=";"))
    assert landing.quarantined == 0
    readings = next(each.readings for each in landing.files if each.table == "schedules")
    formats = {name: reading.get("format") for name, reading in readings.items()}
    assert formats["date_due"] == "%d/%m/%Y"
    assert formats["principal"] == "1234,56"
    assert formats["interest"] == "1234.56"


def test_a_quoted_file_lands_alike(
    plain: dict[str, list[Row]], lands: Lander, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for name, sheet in make_export().sheets.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows([sheet.header, *sheet.rows])
    assert book(lands(folder)) == plain
