"""`factory reconcile`: our ledger against the source's own figures."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, exit_with_findings, pass_call

if TYPE_CHECKING:
    from fintech_factory.validation.comparison import Reconciliation

__all__ = ["command", "print_reconciliation"]

_SHOWN_ROWS = 20


@click.command("reconcile")
@as_of_option("One date; else every date that the last run published.")
@pass_call
def command(call: Call, *, as_of: date | None) -> None:
    """Compare balance, days past due, bucket, write-off and PAR loan by loan.

    A cent a loan is close; each row beyond that carries one cause, and the exit code is 3.
    """
    from fintech_factory.app import Factory

    reconciliation = Factory(call.workspace()).reconcile(as_of)
    if call.json:
        output.emit_json(reconciliation.as_json())
    else:
        print_reconciliation(reconciliation)
    if reconciliation.status == "open":
        exit_with_findings()


def print_reconciliation(reconciliation: "Reconciliation") -> None:
    """Print the checks, and the first open rows with their causes."""
    documents = [check.as_json() for check in reconciliation.checks]
    output.print_table(
        ["check", "source", "ours", "theirs", "rows", "exact", "close", "open", "verdict"],
        [
            [
                each["name"],
                each["source"],
                _amount(each["ours"]),
                _amount(each["theirs"]),
                each["rows"],
                each["exact"],
                each["close"],
                each["open"],
                each["verdict"] or each["reason"],
            ]
            for each in documents
        ],
    )
    if len(reconciliation.as_ofs) == 1:
        output.print_table(
            ["currency", "opening", "+ disbursed", "- principal paid", "= closing"],
            [
                [row.currency, row.opening, row.disbursed, row.principal_paid, row.closing]
                for row in reconciliation.roll_forwards
            ],
            title="roll-forward since the month began",
        )
    causes = [
        f"{each['source']}.{each['name']}: {count} x {cause}"
        for each in documents
        for cause, count in each["causes"].items()
    ]
    for line in causes:
        output.say(f"  {line}")
    rows = [row for check in reconciliation.checks for row in check.open_rows]
    if rows:
        output.print_table(
            ["check", "as of", "loan", "ours", "theirs", "cause"],
            [
                [row.check, row.as_of, row.loan_id, row.ours, row.theirs, row.cause]
                for row in rows[:_SHOWN_ROWS]
            ],
            title=f"open rows ({min(len(rows), _SHOWN_ROWS)} of {len(rows)}; all with --json)",
        )
    output.say(f"status: {reconciliation.status.value}")


def _amount(text: str | None) -> str:
    """A check of days or flags has no amounts to add up."""
    return "-" if text is None else f"{Decimal(text):,.2f}"
