"""What has changed in an export's columns since the one before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["ColumnShape", "TableShape", "examine_schema"]

_SHOWN = 10
_AT_THE_SOURCE = "ask the source whether that is meant"


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One landed column: the contract's name and type, and the file's header and format."""

    name: str
    header: str
    type: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class TableShape:
    """The columns of one table as they arrived.

    `order` is the file's header, left to right, empty where the file cannot be looked into;
    `absent` are the contract's columns that the file does not have.
    """

    table: str
    columns: tuple[ColumnShape, ...]
    order: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def examine_schema(
    now: Sequence[TableShape], before: Sequence[TableShape], owner: str
) -> list[Examined]:
    """Hold each table against the contract and against the last export; one check a table.

    Only tables whose columns are known on both sides are compared; with no export before, only
    the contract is looked at.
    """
    mine = {shape.table: shape for shape in now}
    examined = []
    for table in dict.fromkeys([*mine, *(each.table for each in before)]):
        shape = mine.get(table)
        earlier = next((each for each in before if each.table == table), None)
        check = f"schema.{table}"
        findings = [*_absent(shape), *_changed(shape, earlier)]
        found = (Found(each, check, owner, subject) for each, subject in findings)
        examined.append(Examined(check, tuple(found)))
    return examined


def _absent(shape: TableShape | None) -> Iterator[tuple[Finding, str]]:
    if shape is not None and shape.absent:
        yield _finding(
            ("column_absent", Severity.INFO),
            f"{shape.table} lacks {len(shape.absent)} of the contract's columns:"
            f" {', '.join(shape.absent)}",
            shape.table,
            [{"column": name} for name in shape.absent],
        )


def _changed(now: TableShape | None, before: TableShape | None) -> Iterator[tuple[Finding, str]]:
    if before is None:
        return
    if now is None:
        yield _finding(
            ("table_gone", Severity.CRITICAL),
            f"the export before had the table {before.table}, this one has not",
            before.table,
            [{"table": before.table}],
        )
        return
    ours = {each.name: each for each in now.columns}
    theirs = {each.name: each for each in before.columns}
    for name, column in theirs.items():
        if name not in ours:
            yield _column_gone(now.table, column)
        else:
            yield from _altered(now.table, ours[name], column)
    for name, column in ours.items():
        if name not in theirs:
            yield _finding(
                ("column_added", Severity.INFO),
                f"{now.table} brings a column it did not bring before: {name}",
                now.table,
                [{"column": name, "header": column.header}],
                name,
            )
    yield from _reordered(now, before)


def _column_gone(table: str, column: ColumnShape) -> tuple[Finding, str]:
    return _finding(
        ("column_gone", Severity.CRITICAL),
        f"{table} has lost a column: {column.name} (it arrived as `{column.header}`)",
        table,
        [{"column": column.name, "header": column.header}],
        column.name,
    )


def _altered(table: str, now: ColumnShape, before: ColumnShape) -> Iterator[tuple[Finding, str]]:
    for code, severity, what, mine, theirs in (
        ("header_changed", Severity.INFO, "header", now.header, before.header),
        ("type_changed", Severity.WARNING, "type", now.type, before.type),
        ("format_changed", Severity.WARNING, "format", now.format, before.format),
    ):
        if mine != theirs and mine and theirs:
            yield _finding(
                (code, severity),
                f"{table}.{now.name}: its {what} was `{theirs}` and is `{mine}`",
                table,
                [{"column": now.name, "before": theirs, "now": mine}],
                now.name,
            )


def _reordered(now: TableShape, before: TableShape) -> Iterator[tuple[Finding, str]]:
    """Compare the order of the headers that both files have."""
    both = set(now.order) & set(before.order)
    mine = [each for each in now.order if each in both]
    theirs = [each for each in before.order if each in both]
    if mine != theirs:
        moved = [
            {"place": place, "before": one, "now": other}
            for place, (one, other) in enumerate(zip(theirs, mine, strict=False), start=1)
            if one != other
        ]
        yield _finding(
            ("column_order_changed", Severity.INFO),
            f"the columns of {now.table} come in another order; they are read by name",
            now.table,
            moved,
        )


def _finding(
    kind: tuple[str, Severity],
    message: str,
    table: str,
    evidence: list[dict[str, Any]],
    subject: str = "",
) -> tuple[Finding, str]:
    code, severity = kind
    finding = Finding(
        code=code,
        severity=severity,
        message=message,
        where=table,
        hint=_AT_THE_SOURCE,
        rows=len(evidence),
        evidence=tuple(evidence[:_SHOWN]),
    )
    return finding, subject
