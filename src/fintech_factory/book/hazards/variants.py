"""Whole exports that are unusual or broken: one small folder each."""

import csv
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from fintech_factory.book.hazards.key import LANDED, LEFT_OUT, REFUSED, UNCHANGED, Planted
from fintech_factory.book.hazards.spanish import SPANISH

__all__ = ["plant_variants"]

Table = list[list[str]]
Variant = Callable[[Path], None]

EPOCH = (1980, 1, 1, 0, 0, 0)
BOMB_BYTES = 32 << 20
AMOUNT = re.compile(r"-?\d+\.\d+(e-?\d+)?")
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def plant_variants(clean: Path, two_currencies: Path, folder: Path) -> list[Planted]:
    """Make a folder for each variant from a small clean book; list what should become of it."""
    planted = []
    for name, (expected, code, what, make) in VARIANTS.items():
        source = two_currencies if name in ("two_currencies", "currency_without_rate") else clean
        shutil.copytree(source, folder / name)
        make(folder / name)
        planted.append(_planted(name, what, expected, code))
    return [*planted, *_workbooks(clean, folder)]


def _workbooks(clean: Path, folder: Path) -> list[Planted]:
    shapes = {"xlsx_files": "one XLSX file a table", "xlsx_workbook": "one XLSX, one sheet a table"}
    if find_spec("xlsxwriter") is None:
        what = "left out: xlsxwriter is not installed"
        return [_planted(name, what, LEFT_OUT, None) for name in shapes]
    tables = {path.stem: _read(path) for path in sorted(clean.glob("*.csv"))}
    for name in shapes:
        (folder / name).mkdir()
    _write_workbook(folder / "xlsx_workbook" / "export.xlsx", tables)
    for stem, table in tables.items():
        _write_workbook(folder / "xlsx_files" / f"{stem}.xlsx", {stem: table})
    return [_planted(name, what, LANDED, None) for name, what in shapes.items()]


def _planted(name: str, what: str, expected: str, code: str | None) -> Planted:
    return Planted(name, None, f"variants/{name}", None, None, None, what, expected, code)


def _read(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _write(path: Path, table: Table, encoding: str = "utf-8", delimiter: str = ",") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(table)


def _as_it_is(_folder: Path) -> None:
    """Leave the copy as it is."""


def _spelled(change: Callable[[str], str], delimiter: str = ",") -> Variant:
    def make(folder: Path) -> None:
        for path in sorted(folder.glob("*.csv")):
            head, *rows = _read(path)
            if path.stem != "export_definitions":
                rows = [[change(cell) for cell in row] for row in rows]
            _write(path, [head, *rows], delimiter=delimiter)

    return make


def _encoded(encoding: str) -> Variant:
    def make(folder: Path) -> None:
        for path in sorted(folder.glob("*.csv")):
            _write(path, _read(path), encoding=encoding)

    return make


def _decimal_comma(cell: str) -> str:
    return cell.replace(".", ",") if AMOUNT.fullmatch(cell) else cell


def _day_first(cell: str) -> str:
    return DAY.sub(r"\3/\2/\1", cell) if DAY.fullmatch(cell) else cell


def _undecidable(cell: str) -> str:
    # Days squeezed into 1 to 12 keep their order and read as months just as well.
    found = DAY.fullmatch(cell)
    if found is None:
        return cell
    return f"{(int(found[3]) - 1) * 12 // 31 + 1:02d}/{found[2]}/{found[1]}"


def _half_written(folder: Path) -> None:
    path = folder / "transactions.csv"
    written = path.read_bytes()
    cut = written.rindex(b"-", 0, len(written) * 6 // 10)
    path.write_bytes(written[:cut])


def _half_the_rows(folder: Path) -> None:
    path = folder / "transactions.csv"
    head, *rows = _read(path)
    # The later rows stay: an export that ends earlier would be an older one, not a torn one.
    _write(path, [head, *rows[len(rows) * 55 // 100 :]])


def _headed(names: dict[str, dict[str, str]]) -> Variant:
    def make(folder: Path) -> None:
        for table, renamed in names.items():
            path = folder / f"{table}.csv"
            head, *rows = _read(path)
            _write(path, [[renamed.get(column, column) for column in head], *rows])

    return make


def _restated(folder: Path) -> None:
    path = folder / "transactions.csv"
    head, *rows = _read(path)
    amount = head.index("principal")
    paid = [row for row in rows if row[1] == "PAYMENT" and float(row[amount]) > 1]
    for row in paid[: len(paid) // 4 : 5]:
        row[amount] = str(round(float(row[amount]) - 0.5, 2))
    _write(path, [head, *rows])


def _without_rate(folder: Path) -> None:
    for table in ("loans", "schedules", "transactions", "customers", "collaterals"):
        path = folder / f"{table}.csv"
        path.write_text(path.read_text("utf-8").replace(",GTQ", ",XAF"), "utf-8")
    path = folder / "loan_par_balances.csv"
    head, *rows = _read(path)
    _write(path, [head, *(row for row in rows if row[head.index("loan_ccy")] != "GTQ")])


def _only(name: str, content: bytes) -> Variant:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return make


def _without(*names: str) -> Variant:
    def make(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return make


def _zipped(extra: tuple[str, bytes] | None = None) -> Variant:
    def make(folder: Path) -> None:
        files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
        if extra is not None:
            files[extra[0]] = extra[1]
        _pack(folder, files)

    return make


def _bomb(folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
    files["transactions.csv"] += b"0" * BOMB_BYTES
    _pack(folder, files)


def _pack(folder: Path, files: dict[str, bytes]) -> None:
    for path in folder.glob("*.csv"):
        path.unlink()
    with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _write_workbook(path: Path, tables: dict[str, Table]) -> None:
    # Optional and untyped: found by `find_spec` above.
    book = import_module("xlsxwriter").Workbook(str(path), {"in_memory": True})
    # The moment of writing would make every workbook another file.
    book.set_properties({"created": datetime(*EPOCH, tzinfo=UTC)})
    for name, table in tables.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write(at, column, float(cell) if AMOUNT.fullmatch(cell) else cell)
    book.close()


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n"

# name -> expected, finding code, what it is, how it is made from the clean copy
VARIANTS: dict[str, tuple[str, str | None, str, Variant]] = {
    "clean": (LANDED, None, "a small clean book, from which the others are made", _as_it_is),
    "yesterday_again": (UNCHANGED, None, "the same bytes as variants/clean", _as_it_is),
    "restated_history": (LANDED, None, "variants/clean with old payments changed", _restated),
    "two_currencies": (LANDED, None, "USD and GTQ, both with rates", _as_it_is),
    "decimal_comma": (LANDED, None, "1234,5 between semicolons", _spelled(_decimal_comma, ";")),
    "delimiter_semicolon": (LANDED, None, "semicolons", _spelled(str, ";")),
    "dates_day_first": (LANDED, None, "31/12/2024", _spelled(_day_first)),
    "ambiguous_dates": (
        *(REFUSED, "ambiguous_format", "every date reads as dd/mm and as mm/dd"),
        _spelled(_undecidable),
    ),
    "encoding_utf_8_sig": (LANDED, None, "UTF-8 with a mark", _encoded("utf-8-sig")),
    "encoding_utf_16": (LANDED, None, "UTF-16 with a mark", _encoded("utf-16")),
    "encoding_latin_1": (LANDED, None, "Latin-1", _encoded("latin-1")),
    "half_written": (REFUSED, "half_written_file", "transactions.csv ends mid-row", _half_written),
    "half_the_rows": (
        *(REFUSED, "half_rows_missing", "variants/clean less half of transactions.csv"),
        _half_the_rows,
    ),
    "renamed_column": (
        *(REFUSED, "missing_column", "disburse_principal is called ticket_total"),
        _headed({"loans": {"disburse_principal": "ticket_total"}}),
    ),
    "spanish_columns": (LANDED, None, "Spanish column names", _headed(SPANISH)),
    "currency_without_rate": (
        *(REFUSED, "too_many_bad_rows", "a third of the loans in XAF, no rate"),
        _without_rate,
    ),
    "zip_export": (LANDED, None, "the export in a ZIP", _zipped()),
    "zip_path_traversal": (
        *(REFUSED, "zip_path_traversal", "a ZIP with the entry ../outside.csv"),
        _zipped(("../outside.csv", b"loan_id\n")),
    ),
    "zip_bomb": (REFUSED, "zip_bomb", "a ZIP that unpacks to hundreds of times its size", _bomb),
    "wrong_type_pdf": (
        *(REFUSED, "wrong_file_type", "loans.csv is a PDF"),
        _only("loans.csv", PDF),
    ),
    "wrong_type_html": (
        *(REFUSED, "wrong_file_type", "loans.csv is a sign-in page"),
        _only("loans.csv", HTML),
    ),
    "missing_table": (
        *(REFUSED, "missing_table", "no transactions.csv"),
        _without("transactions.csv"),
    ),
    "missing_optional_table": (
        *(LANDED, None, "no collaterals.csv and no export_definitions.csv"),
        _without("collaterals.csv", "export_definitions.csv"),
    ),
}
