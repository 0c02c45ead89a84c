"""`factory reconcile`: what arrived, our ledger, and the source's own figures held together."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, exit_with_findings, pass_call
from fintech_factory.cli.stale import say_stale, with_stale

if TYPE_CHECKING:
    from fintech_factory.validation.comparison import Reconciliation

__all__ = ["command", "print_reconciliation"]

_SHOWN_ROWS = 20


@click.command("reconcile")
@as_of_option("One date; else every date that the last run published.")
@pass_call
def command(call: Call, *, as_of: date | None) -> None:
    """Compare in three rings: files, our own ledger, and the source's figures loan by loan.

    A cent a loan is close; each row beyond that carries one cause, and the exit code is 3.
    """
    from fintech_factory.app.audit import Rows

    factory = call.factory()
    reconciliation, stale = factory.reconcile(as_of), factory.validation.stale(as_of)
    rows = sum(len(check.open_rows) for check in reconciliation.checks)
    factory.audit.shown(Rows("reconcile: open rows", ("loan_id",), rows))
    if call.json:
        output.emit_json(with_stale(reconciliation.as_json(), stale))
    else:
        say_stale(stale)
        print_reconciliation(reconciliation)
    if reconciliation.status == "open":
        exit_with_findings()


def print_reconciliation(reconciliation: "Reconciliation") -> None:
    """Print the checks ring by ring, and the first open rows with their causes."""
    from fintech_factory.validation.comparison import RINGS

    in_rings = [check for ring in RINGS for check in reconciliation.ring(ring)]
    documents = [check.as_json() for check in in_rings]
    output.print_table(
        ["ring", "check", "source", "ours", "theirs", "rows", "exact", "close", "open", "verdict"],
        [
            [
                each["ring"],
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
