"""Turns an XLSX workbook's sheets into UTF-8 CSV text."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from fintech_factory.values import Finding, Severity

__all__ = ["sheets_as_csv"]

# Above this a double no longer holds every whole number.
_EXACT = 2**53


def sheets_as_csv(path: Path, into: Path) -> dict[str, Path] | Finding:
    """Write each sheet that holds anything as a CSV file: sheet name -> file."""
    from python_calamine import CalamineError, CalamineWorkbook, ZipError

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {}
        for number, name in enumerate(book.sheet_names):
            target = into / f"{path.stem}-{number}.csv"
            if _write(book.get_sheet_by_name(name).iter_rows(), target):
                sheets[name] = target
    except (CalamineError, ZipError, OSError, ValueError) as error:
        return Finding(
            code="half_written_file",
            severity=Severity.CRITICAL,
            message=f"the workbook is cut short or damaged: {error}",
            where=path.name,
            hint="save and drop it again",
        )
    return sheets


def _write(rows: Iterator[list[Any]], target: Path) -> bool:
    written, blank = False, 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            texts = [_text(cell) for cell in row]
            if not any(texts):
                blank += written
                continue
            # Blank rows inside stay as blank lines, so that line numbers are the sheet's own.
            file.write("\n" * blank)
            writer.writerow(texts)
            written, blank = True, 0
    return written


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case float():
            # Excel keeps every number as a double; 12.0 was typed as 12.
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
        case _:
            return "" if cell is None else str(cell)
