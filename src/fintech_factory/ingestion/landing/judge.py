"""Decides from counts and names whether a batch is fit to be published."""

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.intake import Taken
from fintech_factory.ingestion.landing.manifest import FileEntry, Manifest
from fintech_factory.ingestion.landing.naming import folded
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.landing.inspect import Part
    from fintech_factory.ingestion.sources.cascade import CascadeSettings

__all__ = ["dictionary_findings", "file_findings", "row_findings", "shrink_findings"]

_HALF = 2
_SHOWN = 10


def file_findings(taken: Sequence[Taken], settings: "CascadeSettings") -> list[Finding]:
    """Name required tables that no file holds, tables that two hold, headers nobody claims."""
    holders: dict[str, list[str]] = {}
    for each in taken:
        for table, _ in each.content:
            holders.setdefault(table, []).append(each.entry.name)
    inspected = [seen for each in taken for seen in each.inspected]
    # What an unreadable archive or workbook would have held is not known to be missing.
    unread = any(not each.content and _is_critical(each) for each in taken)
    findings = [
        _missing_table(name, [*table.files])
        for name, table in settings.tables.items()
        if table.required and name not in holders and not unread
    ]
    findings += [
        _two_files(table, files)
        for table, files in holders.items()
        if len(files) > 1 and table in settings.tables
    ]
    findings += [
        Finding(
            code="unknown_column",
            severity=Severity.INFO,
            message=f"no column claims the header `{header}`; it is kept as received, not landed",
            where=seen.where,
            hint="add it to the aliases of its column in config/integrations/cascade.yaml",
        )
        for seen in inspected
        for header in seen.layout.unknown
        if header
    ]
    return findings


def _is_critical(taken: Taken) -> bool:
    return any(each.severity is Severity.CRITICAL for each in taken.findings)


def _missing_table(name: str, patterns: Sequence[str]) -> Finding:
    return Finding(
        code="missing_table",
        severity=Severity.CRITICAL,
        message=f"no file holds the required table `{name}`",
        where=name,
        hint=f"looked for files called {', '.join(patterns)}",
    )


def _two_files(table: str, files: Sequence[str]) -> Finding:
    return Finding(
        code="duplicate_table",
        severity=Severity.CRITICAL,
        message=f"{len(files)} files hold the table `{table}`: {', '.join(sorted(files))}",
        where=table,
        hint="keep one of them",
    )


_AT_THE_SOURCE = "correct them at the source; their text and reasons are in quarantine.parquet"
_CURES = {
    "currency_without_rate": "give the currency a rate in config/factory.yaml, currency.rates",
}


def row_findings(
    files: Sequence[FileEntry], reasons: Mapping[tuple[str, str], tuple[int, tuple[int, ...]]]
) -> list[Finding]:
    """Name each reason that rows were set aside for, with its count and first lines.

    `reasons` maps (table, code) to the number of rows and the first line numbers.
    """
    names = {each.table: each.file for each in files}
    return [
        Finding(
            code=code,
            severity=Severity.WARNING,
            message=f"{count:,} row{'s' if count > 1 else ''} of {table} set aside: {code}",
            where=names.get(table, table),
            hint=_CURES.get(code, _AT_THE_SOURCE),
            rows=count,
            evidence=tuple({"line": line} for line in lines[:_SHOWN]),
        )
        for (table, code), (count, lines) in sorted(reasons.items())
    ]


def too_many_bad_rows(files: Sequence[FileEntry], most: Decimal) -> list[Finding]:
    """Refuse files of which more than `most` percent of the rows were set aside."""
    return [
        Finding(
            code="too_many_bad_rows",
            severity=Severity.CRITICAL,
            message=f"{each.quarantined:,} of {each.rows:,} rows of {each.table} break the"
            f" contract, more than {most} %",
            where=each.file,
            hint="look at the reasons in its quarantine; max_bad_row_pct sets the limit",
            rows=each.quarantined,
        )
        for each in files
        if each.quarantined * 100 > most * each.rows
    ]


def shrink_findings(
    files: Sequence[FileEntry], latest: Manifest | None, *, accepted: bool
) -> list[Finding]:
    """Name tables with less than half the rows they had in the last good batch."""
    before = {each.table: each.rows for each in latest.files} if latest else {}
    return [
        Finding(
            code="half_rows_missing",
            severity=Severity.CRITICAL,
            message=f"{each.table} has {each.rows:,} rows; the last good batch had"
            f" {before[each.table]:,}" + ("; accepted all the same" if accepted else ""),
            where=each.file or each.table,
            hint="if that is right, ingest it with --accept-shrink",
            rows=each.rows,
        )
        for each in files
        if each.rows * _HALF < before.get(each.table, 0)
    ]


def dictionary_findings(
    parts: Sequence["Part"], headers: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Compare the source's own dictionary with the files' headers, both ways."""
    return [found for part in parts for found in _compared(part, headers)]


def _compared(part: "Part", headers: Mapping[str, Sequence[str]]) -> list[Finding]:
    described: dict[str, set[str]] = {}
    with part.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            sheet, name = row.get("sheet"), row.get("variable")
            if sheet and name:
                described.setdefault(folded(sheet), set()).add(folded(name))
    # Cascade's dictionary calls the transactions `Payments`.
    tables = {
        folded(name): {folded(each) for each in each_header}
        for name, each_header in headers.items()
    }
    evidence = []
    for sheet, names in sorted(described.items()):
        table = {"payments": "transactions"}.get(sheet, sheet)
        held = tables.get(table, set())
        evidence += [
            {"table": table, "name": each, "only_in": "dictionary"} for each in sorted(names - held)
        ]
        evidence += [
            {"table": table, "name": each, "only_in": "file"} for each in sorted(held - names)
        ]
    if not evidence:
        return []
    return [
        Finding(
            code="dictionary_mismatch",
            severity=Severity.INFO,
            message=f"{len(evidence)} names stand only in the dictionary or only in the files",
            where=part.shown,
            hint="ask the source which of them are meant; the files' own headers are what is read",
            rows=len(evidence),
            evidence=tuple(evidence[:_SHOWN]),
        )
    ]
