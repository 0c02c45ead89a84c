"""The reconciliation's inner ring: what arrived is what landed is what is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fintech_factory.validation.comparison import (
    CONTROL,
    FILE,
    SOURCE,
    Cause,
    Check,
    OpenRow,
    Verdict,
    worst,
)

__all__ = ["Control", "FileHash", "Loaded", "Sum", "TableCount", "reconcile_files"]


@dataclass(frozen=True, slots=True)
class TableCount:
    """One table's rows: received as the manifest says; landed and set aside as counted now."""

    table: str
    received: int
    landed: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Sum:
    """A money column's sum: as it landed (None: nobody wrote it down), and as it is read now."""

    table: str
    column: str
    landed: Decimal | None
    read: Decimal


@dataclass(frozen=True, slots=True)
class FileHash:
    """A received file's SHA-256: as it came, and as it is now (None: the file is gone)."""

    name: str
    then: str
    now: str | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sum over a landed table, and over the model made of it."""

    model: str
    column: str
    landed: Decimal
    loaded: Decimal


@dataclass(frozen=True, slots=True)
class Control:
    """A figure that somebody states, and what we find (None, with a reason, if nothing)."""

    name: str
    table: str
    column: str
    expected: Decimal
    found: Decimal | None
    tolerance: Decimal
    stated_by: str
    is_critical: bool = False
    reason: str = ""


def reconcile_files(  # noqa: PLR0913 - the five kinds of fact, each by its name
    as_of: date,
    *,
    counts: Sequence[TableCount],
    sums: Sequence[Sum],
    hashes: Sequence[FileHash],
    loaded: Sequence[Loaded],
    controls: Sequence[Control],
) -> tuple[Check, ...]:
    """Grade every fact: exactly equal or open; a stated figure may be close, within its tolerance.

    One check a table for rows and for sums, one for all files, one a model, one a stated figure.
    """
    return (
        _hashes(as_of, hashes),
        *(_count(as_of, each) for each in counts),
        *(
            _sums(as_of, table, [each for each in sums if each.table == table])
            for table in dict.fromkeys(each.table for each in sums)
        ),
        *(
            _loaded(as_of, model, [each for each in loaded if each.model == model])
            for model in dict.fromkeys(each.model for each in loaded)
        ),
        *(_control(as_of, each) for each in controls),
    )


def _hashes(as_of: date, hashes: Sequence[FileHash]) -> Check:
    rows = tuple(
        _row("sha256", as_of, each.name, each.now or "the file is gone", each.then)
        for each in hashes
        if each.now != each.then
    )
    reason = "" if hashes else "the manifest names no received file"
    return _flagged("sha256", "received", len(hashes), rows, reason)


def _count(as_of: date, count: TableCount) -> Check:
    ours = count.landed + count.set_aside
    said = f"{count.landed} landed + {count.set_aside} set aside"
    rows = (
        (_row("rows", as_of, count.table, said, str(count.received)),)
        if ours != count.received
        else ()
    )
    return Check(
        name="rows",
        source=count.table,
        ours=Decimal(ours),
        theirs=Decimal(count.received),
        verdict=Verdict.OPEN if rows else Verdict.EXACT,
        rows=1,
        causes=_causes(rows),
        open_rows=rows,
        ring=FILE,
    )


def _sums(as_of: date, table: str, sums: Sequence[Sum]) -> Check:
    known = [each for each in sums if each.landed is not None]
    rows = tuple(
        _row("sums", as_of, f"{table}.{each.column}", str(each.read), str(each.landed))
        for each in known
        if each.read != each.landed
    )
    reason = "" if known else "the manifest holds no control totals"
    return _flagged("sums", table, len(known), rows, reason)


def _loaded(as_of: date, model: str, sums: Sequence[Loaded]) -> Check:
    rows = tuple(
        _row("loaded", as_of, f"{model}.{each.column}", str(each.loaded), str(each.landed))
        for each in sums
        if each.loaded != each.landed
    )
    return _flagged("loaded", model, len(sums), rows, "")


def _control(as_of: date, control: Control) -> Check:
    verdict, rows = None, tuple[OpenRow, ...]()
    if control.found is not None:
        verdict = _grade(control.found, control)
        if verdict is Verdict.OPEN:
            rows = (_miss(as_of, control, control.found),)
    return Check(
        name=control.name,
        source=f"stated by {control.stated_by}",
        ours=control.found,
        theirs=control.expected,
        verdict=verdict,
        rows=int(control.found is not None),
        close=int(verdict is Verdict.CLOSE),
        causes=_causes(rows),
        open_rows=rows,
        reason=control.reason,
        ring=SOURCE,
        kind=CONTROL,
        is_critical=control.is_critical,
    )


def _miss(as_of: date, control: Control, found: Decimal) -> OpenRow:
    return OpenRow(
        check=control.name,
        as_of=as_of,
        loan_id=f"{control.table}.{control.column}",
        ours=str(found),
        theirs=str(control.expected),
        cause=Cause.UNEXPLAINED,
    )


def _grade(found: Decimal, control: Control) -> Verdict:
    if found == control.expected:
        return Verdict.EXACT
    return Verdict.CLOSE if abs(found - control.expected) <= control.tolerance else Verdict.OPEN


def _flagged(
    name: str, source: str, compared: int, rows: tuple[OpenRow, ...], reason: str
) -> Check:
    verdicts = [Verdict.OPEN] if rows else [Verdict.EXACT] if compared else []
    return Check(
        name=name,
        source=source,
        ours=None,
        theirs=None,
        verdict=worst(verdicts),
        rows=compared,
        causes=_causes(rows),
        open_rows=rows,
        reason=reason,
        ring=FILE,
    )


def _row(check: str, as_of: date, subject: str, ours: str, theirs: str) -> OpenRow:
    return OpenRow(f"{FILE}.{check}", as_of, subject, ours, theirs, Cause.UNEXPLAINED)


def _causes(rows: Sequence[OpenRow]) -> tuple[tuple[Cause, int], ...]:
    return ((Cause.UNEXPLAINED, len(rows)),) if rows else ()
