"""What a reconciliation leaves open, as findings."""

from collections.abc import Mapping

from fintech_factory.validation.comparison import (
    CONTROL,
    LEDGER,
    SOURCE,
    Check,
    Reconciliation,
    Verdict,
)
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["examine_reconciliation"]

_SHOWN = 10
_CODES = {
    "roll_forward": "roll_forward_open",
    "sub_ledger": "sub_ledger_open",
    "sha256": "raw_file_changed",
    "rows": "rows_lost",
    "sums": "landed_sum_changed",
    "loaded": "model_incomplete",
}
_SAID = {
    "roll_forward_open": "opening + disbursed - principal paid is not the closing balance",
    "sub_ledger_open": "the loans, added up one by one, do not come to the ledger's balance",
    "raw_file_changed": "a received file is not what it was when it came",
    "rows_lost": "rows landed and set aside are not the rows received",
    "landed_sum_changed": "a landed column does not sum to what it did when it landed",
    "model_incomplete": "a model does not hold all that landed",
}
_HINTS = {
    "raw_file_changed": "restore the batch from a backup, or ingest the export again",
    "rows_lost": "restore the batch from a backup, or ingest the export again",
    "landed_sum_changed": "restore the batch from a backup, or ingest the export again",
    "model_incomplete": "look at what was changed in sql/models",
    "roll_forward_open": "look at what was changed in sql/models",
    "sub_ledger_open": "look at what was changed in sql/models",
}


def examine_reconciliation(
    reconciliation: Reconciliation, owners: Mapping[str, str]
) -> list[Examined]:
    """Give one examined check for each that compared something; `owners` are by ring.

    A stated figure that could not be compared is a finding too: somebody waits for the answer.
    """
    return [
        _examined(check, owners[check.ring])
        for check in reconciliation.checks
        if check.verdict is not None or check.kind == CONTROL
    ]


def _examined(check: Check, owner: str) -> Examined:
    name = f"reconcile.{check.source}.{check.name}"
    if check.verdict is None:
        return Examined(name, (Found(_uncounted(check), name, owner),))
    if check.verdict is not Verdict.OPEN:
        return Examined(name)
    rows = tuple(row.as_json() for row in check.open_rows)
    return Examined(name, (Found(_finding(check), name, owner, every_row=rows),))


def _finding(check: Check) -> Finding:
    code, severity, message, hint = _kind(check)
    return Finding(
        code=code,
        severity=severity,
        message=message,
        where=_place(check),
        hint=hint,
        rows=len(check.open_rows),
        evidence=tuple(row.as_json() for row in check.open_rows[:_SHOWN]),
    )


def _uncounted(check: Check) -> Finding:
    return Finding(
        code="control_total_uncounted",
        severity=Severity.WARNING,
        message=f"{check.name}, {check.source}, was compared with nothing: {check.reason}",
        where=_place(check),
        hint="correct it under control_totals in config/validation.yaml",
        rows=1,
    )


def _place(check: Check) -> str:
    return check.name if check.ring == LEDGER else f"{check.source}.{check.name}"


def _kind(check: Check) -> tuple[str, Severity, str, str]:
    if check.kind == CONTROL:
        row = check.open_rows[0]
        said = f"{check.name}: {row.loan_id} comes to {row.ours}, not to {row.theirs} as"
        severity = Severity.CRITICAL if check.is_critical else Severity.WARNING
        hint = "ask who stated it, or correct it in config/validation.yaml"
        return "control_total_open", severity, f"{said} {check.source}", hint
    if check.ring == SOURCE:
        causes = ", ".join(f"{count} {cause.value}" for cause, count in check.causes)
        said = f"{len(check.open_rows):,} rows of {check.source} differ in {check.name}: {causes}"
        hint = "`factory reconcile --json` has every row with its cause"
        return "source_figures_open", Severity.WARNING, said, hint
    code = _CODES[check.name]
    return code, Severity.CRITICAL, f"{_SAID[code]}: {check.source}", _HINTS[code]
