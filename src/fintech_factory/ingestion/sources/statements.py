"""Financial statements: a CSV by a template, judged row by row, kept as it came."""

import csv
import hashlib
import io
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fintech_factory.clock import Clock
from fintech_factory.durable import replace_file
from fintech_factory.errors import BatchRefused, IngestError, SourceUnreadable

__all__ = [
    "LINES",
    "SetAside",
    "Statement",
    "StatementBatch",
    "land_statements",
    "statements_in_force",
    "template",
]

LINES: Mapping[str, str] = {
    "interest_income": "interest earned in the period",
    "fee_income": "fees earned in the period",
    "interest_expense": "interest owed to lenders for the period",
    "operating_expense": "what it cost to run the company in the period",
    "provision_expense": "what the period's losses and provisions cost",
    "net_income": "profit of the period after all of it; negative for a loss",
    "cash": "cash and what is as good as cash, at the period's end",
    "gross_loans": "loans before provisions, at the period's end",
    "total_assets": "all assets, at the period's end",
    "total_debt": "all that is borrowed, at the period's end",
    "equity": "owners' equity, at the period's end; negative if it is used up",
    "debt_service": "interest and principal paid to lenders in the period",
}
"""The lines of a statement, and what each of them says."""

_SIGNED = frozenset({"net_income", "equity"})
_COLUMNS = ("period_end", "months", "currency", *LINES)
_MONTHS = {"1": 1, "3": 3, "6": 6, "12": 12}
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LARGEST_FILE = 1_000_000
_MANIFEST, _RECEIVED, _POINTER = "manifest.json", "received.csv", "LATEST"
_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """One period's financial statement: `months` long, in one currency."""

    period_end: date
    months: int
    currency: str
    lines: Mapping[str, Decimal]
    batch_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the statement as one JSON object, decimals as text."""
        amounts = {name: format(amount, "f") for name, amount in self.lines.items()}
        return {
            "period_end": self.period_end.isoformat(),
            "months": self.months,
            "currency": self.currency,
            "lines": amounts,
        }


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that broke the contract: its line in the file, why, and its cells as they came."""

    line: int
    reasons: tuple[str, ...]
    cells: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Give the row as one JSON object."""
        return {"line": self.line, "reasons": list(self.reasons), "cells": dict(self.cells)}


@dataclass(frozen=True, slots=True)
class StatementBatch:
    """What became of a file: `landed`, or `unchanged` if the same bytes had landed before."""

    batch_id: str
    status: str
    sha256: str
    folder: Path
    statements: tuple[Statement, ...]
    set_aside: tuple[SetAside, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory ingest statements --json`."""
        return {
            "batch_id": self.batch_id,
            "status": self.status,
            "sha256": self.sha256,
            "statements": [each.as_json() for each in self.statements],
            "quarantined": [each.as_json() for each in self.set_aside],
        }


def template() -> str:
    """Give the CSV to fill in: its header, and one row of an invented company."""
    example = ("2025-12-31", "3", "USD", 250000, 40000, 90000, 95000, 30000, 75000)
    stocks = (180000, 4200000, 4500000, 3000000, 1200000, 240000)
    return f"{','.join(_COLUMNS)}\n{','.join(map(str, (*example, *stocks)))}\n"


def land_statements(path: Path, raw_root: Path, clock: Clock) -> StatementBatch:
    """Land a file of statements beside those before it; nothing that landed is ever replaced.

    A row that breaks the contract is set aside with its reasons.

    Raises:
        SourceUnreadable: there is no such file, or it is no CSV text.
        BatchRefused: its columns are not the template's, or no row of it can be used; what landed
            before stays in force.
    """
    content = _content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    batch_id = f"statements-{sha256[:12]}"
    folder = raw_root / batch_id
    if folder.is_dir():
        held = _read(folder)
        return StatementBatch(batch_id, "unchanged", sha256, folder, *held)
    today = clock.now().date()
    statements, set_aside = _judge(_rows(content, path), today, batch_id)
    if not statements:
        raise BatchRefused(
            "no row of the file can be used: " + "; ".join(_reasons(set_aside)),
            where=str(path),
            hint="`factory ingest statements --template` prints what to fill in; statements that"
            " landed before stay in force",
            findings=(),
        )
    batch = StatementBatch(batch_id, "landed", sha256, folder, statements, set_aside)
    _publish(batch, content, clock)
    return batch


def statements_in_force(raw_root: Path) -> tuple[Statement, ...]:
    """Give the statement of every period, by its end: that of the file that landed last.

    Raises:
        IngestError: what landed is not what was written then.
    """
    manifests = [_manifest(path) for path in sorted(raw_root.glob(f"statements-*/{_MANIFEST}"))]
    in_force: dict[date, Statement] = {}
    for manifest in sorted(manifests, key=lambda each: (each["arrived_at"], each["batch_id"])):
        for statement in _read(raw_root / manifest["batch_id"])[0]:
            in_force[statement.period_end] = statement
    return tuple(in_force[end] for end in sorted(in_force))


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceUnreadable(
            f"the file cannot be read: {error.strerror}",
            where=str(path),
            hint="`factory ingest statements --template` prints what to fill in",
        ) from error
    if len(content) > _LARGEST_FILE:
        raise SourceUnreadable(
            "the file is larger than 1 MB", where=str(path), hint="is it the right file?"
        )
    return content


def _rows(content: bytes, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each row with its line; the columns may come in any order."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(
            "the file is not UTF-8 text", where=str(path), hint="save it as CSV UTF-8"
        ) from error
    if "\0" in text:
        raise SourceUnreadable("the file is not text", where=str(path), hint="save it as CSV UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise SourceUnreadable(f"the file is no CSV: {error}", where=str(path)) from error
    header = [name.strip().casefold() for name in rows[0][1]] if rows else []
    _check_header(header, path)
    for line, row in rows[1:]:
        if any(cell.strip() for cell in row):
            named = dict(zip(header, (cell.strip() for cell in row), strict=False))
            extra = {"": f"{len(row)} cells"} if len(row) != len(header) else {}
            yield line, named | extra


def _check_header(header: Sequence[str], path: Path) -> None:
    missing = [name for name in _COLUMNS if name not in header]
    unknown = [name or "(empty)" for name in header if name not in _COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1})
    said = [
        f"{what} {', '.join(names)}"
        for what, names in (("lacks", missing), ("has the unknown", unknown), ("repeats", twice))
        if names
    ]
    if said:
        raise BatchRefused(
            f"the columns are not the template's: the file {' and '.join(said)}",
            where=f"{path}:1",
            hint="`factory ingest statements --template` prints what to fill in; statements that"
            " landed before stay in force",
            findings=(),
        )


def _judge(
    rows: Iterator[tuple[int, dict[str, str]]], today: date, batch_id: str
) -> tuple[tuple[Statement, ...], tuple[SetAside, ...]]:
    read = list(rows)
    ends = [cells.get("period_end", "") for _, cells in read]
    statements, set_aside = [], []
    for line, cells in read:
        reasons = [
            *_broken(cells, today),
            *(
                ["the period stands twice in the file"]
                if ends.count(cells["period_end"]) > 1
                else []
            ),
        ]
        if reasons:
            set_aside.append(SetAside(line, tuple(reasons), cells))
        else:
            statements.append(_statement(cells, batch_id))
    statements.sort(key=lambda each: each.period_end)
    return tuple(statements), tuple(set_aside)


def _broken(cells: Mapping[str, str], today: date) -> Iterator[str]:
    """Say everything that is wrong with a row."""
    if "" in cells:
        yield f"{cells['']} where the header has {len(_COLUMNS)}"
        return
    end = _day(cells["period_end"])
    if end is None:
        yield f"period_end `{cells['period_end']}` is no day; write it like 2025-12-31"
    elif end > today:
        yield f"the period has not ended: {end} lies after {today}"
    if cells["months"] not in _MONTHS:
        yield f"months `{cells['months']}` is not 1, 3, 6 or 12"
    if not _CURRENCY.fullmatch(cells["currency"]):
        yield f"currency `{cells['currency']}` is no code of three capitals"
    for name in LINES:
        if not _AMOUNT.fullmatch(cells[name]):
            said = (
                f"`{cells[name]}` is no amount; write it like 1234.50" if cells[name] else "empty"
            )
            yield f"{name}: {said}"
        elif name not in _SIGNED and cells[name].startswith("-"):
            yield f"{name}: {cells[name]} is negative"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None


def _statement(cells: Mapping[str, str], batch_id: str) -> Statement:
    return Statement(
        period_end=date.fromisoformat(cells["period_end"]),
        months=_MONTHS[cells["months"]],
        currency=cells["currency"],
        lines={name: Decimal(cells[name]) for name in LINES},
        batch_id=batch_id,
    )


def _reasons(set_aside: Sequence[SetAside]) -> list[str]:
    shown = [f"line {each.line}: {', '.join(each.reasons)}" for each in set_aside[:3]]
    return shown or ["it holds no row"]


def _publish(batch: StatementBatch, content: bytes, clock: Clock) -> None:
    """Write a batch beside its place, then give the folder its name: seen whole or not at all."""
    raw_root = batch.folder.parent
    raw_root.mkdir(parents=True, exist_ok=True)
    incoming = raw_root / f".incoming-{os.getpid()}-{secrets.token_hex(4)}"
    incoming.mkdir()
    manifest = {"layout": _LAYOUT, "arrived_at": clock.now().isoformat(), **batch.as_json()}
    replace_file(incoming / _RECEIVED, content)
    replace_file(incoming / _MANIFEST, _as_bytes(manifest))
    incoming.rename(batch.folder)
    replace_file(raw_root / _POINTER, _as_bytes({"batch_id": batch.batch_id}))


def _as_bytes(held: Mapping[str, object]) -> bytes:
    return (json.dumps(held, indent=1, ensure_ascii=False) + "\n").encode()


def _manifest(path: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    return held


def _read(folder: Path) -> tuple[tuple[Statement, ...], tuple[SetAside, ...]]:
    """Read a batch back; the bytes received must still have the hash they had."""
    manifest = _manifest(folder / _MANIFEST)
    try:
        content = (folder / _RECEIVED).read_bytes()
        if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
            raise _damaged(folder / _RECEIVED)
        statements = tuple(
            Statement(
                date.fromisoformat(each["period_end"]),
                each["months"],
                each["currency"],
                {name: Decimal(amount) for name, amount in each["lines"].items()},
                manifest["batch_id"],
            )
            for each in manifest["statements"]
        )
        set_aside = tuple(
            SetAside(each["line"], tuple(each["reasons"]), each["cells"])
            for each in manifest["quarantined"]
        )
    except (OSError, KeyError, ValueError, ArithmeticError) as error:
        raise _damaged(folder / _MANIFEST) from error
    return statements, set_aside


def _damaged(path: Path) -> IngestError:
    return IngestError(
        "a landed statement is not what it was when it landed",
        where=str(path),
        hint="remove that batch's folder and land its file again",
    )
