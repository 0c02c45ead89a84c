"""Reads entries of the audit trail, chosen by who, what and when."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from fintech_factory.personal import masked, masked_text
from fintech_factory.state.audit import COLUMNS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

__all__ = ["Filter", "as_document", "entries", "masked_document", "to_csv", "to_json_lines"]

_JSON = ("before", "after", "batch_hashes")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PAGE = 1_000

Document = Mapping[str, Any]
"""One entry: every column by its name; `before`, `after` and `batch_hashes` opened."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: of days (both included, UTC), an actor, an action, a subject, a run.

    `action` and `subject` are whole, or what they begin with where they end in `*`.
    """

    from_: date | None = None
    to: date | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    run: str | None = None


def entries(
    connection: "Connection", wanted: Filter, *, newest_first: int | None = None
) -> Iterator[Document]:
    """Give the entries that are wanted, oldest first, without holding them all.

    With `newest_first`: at most so many, the newest first.
    """
    from sqlalchemy import select

    from fintech_factory.state.tables import audit_entry

    query = select(*(audit_entry.c[name] for name in COLUMNS)).where(*_conditions(wanted))
    sequence = audit_entry.c.sequence
    if newest_first is None:
        query = query.order_by(sequence)
    else:
        query = query.order_by(sequence.desc()).limit(newest_first)
    for row in connection.execute(query.execution_options(yield_per=_PAGE)):
        yield as_document(dict(zip(COLUMNS, row, strict=True)))


def as_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Open an entry's columns of JSON."""
    return {
        name: json.loads(row[name]) if name in _JSON and row[name] is not None else row[name]
        for name in COLUMNS
    }


def to_json_lines(document: Document, *, unmasked: bool) -> str:
    """Write an entry as one line of JSON."""
    shown = document if unmasked else masked_document(document)
    return f"{json.dumps(shown, ensure_ascii=False)}\n"


def to_csv(document: Document | None, *, unmasked: bool) -> str:
    """Write an entry as one line of CSV; None gives the header. No cell starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if document is None:
        writer.writerow(COLUMNS)
    else:
        shown = document if unmasked else masked_document(document)
        writer.writerow([_cell(shown[name], is_json=name in _JSON) for name in COLUMNS])
    return text.getvalue()


def masked_document(document: Document) -> Document:
    """Mask an entry. Who acted stays: a trail that does not say who is none."""
    return {
        name: masked(value)
        if name in _JSON and name != "batch_hashes"
        else masked_text(value)
        if name in {"subject", "reason"}
        else value
        for name, value in document.items()
    }


def _cell(value: object, *, is_json: bool) -> object:
    if value is None:
        return ""
    if is_json:
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _conditions(wanted: Filter) -> "Iterator[ColumnElement[bool]]":
    from fintech_factory.state.tables import audit_entry

    column = audit_entry.c
    # Times are ISO text in UTC: they sort as they pass.
    if wanted.from_ is not None:
        yield column.time >= wanted.from_.isoformat()
    if wanted.to is not None and wanted.to < date.max:
        yield column.time < (wanted.to + timedelta(days=1)).isoformat()
    if wanted.actor is not None:
        yield column.actor == wanted.actor
    if wanted.run is not None:
        yield column.run == wanted.run
    for name in ("action", "subject"):
        text: str | None = getattr(wanted, name)
        if text is None:
            continue
        if text.endswith("*"):
            yield column[name].startswith(text[:-1], autoescape=True)
        else:
            yield column[name] == text
