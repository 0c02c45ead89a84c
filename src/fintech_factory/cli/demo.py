"""`factory demo`: a whole day on a synthetic book."""

from pathlib import Path

import click

from fintech_factory.cli import output
from fintech_factory.cli.kpi import print_readings
from fintech_factory.cli.options import Call, pass_call
from fintech_factory.cli.reconcile import print_reconciliation

__all__ = ["command"]


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where the demo's workspace is made, or found from last time.",
)
@click.option("--loans", type=int, default=5000, show_default=True, help="Size of the book.")
@click.option("--months", type=int, default=36, show_default=True, help="Length of its history.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same book.")
@pass_call
def command(call: Call, *, folder: Path, loans: int, months: int, seed: int) -> None:
    """Make a workspace and a synthetic book, run the day on it, and show what came out."""
    from fintech_factory.app import Factory, make_demo
    from fintech_factory.book import BookPlan

    with output.progress("demo", None, quiet=call.quiet):
        workspace, outcome = make_demo(folder, BookPlan(loans, months, seed))
    factory = Factory(workspace)
    readings = factory.readings(None)
    reconciliation = factory.reconcile(None)
    if call.json:
        output.emit_json(
            {
                "workspace": workspace.root,
                "run": outcome.as_json(),
                "readings": [reading.as_json() for reading in readings],
                "reconciliation": reconciliation.as_json(),
            }
        )
        return
    output.say(f"workspace {workspace.root}: {outcome.status.value} {outcome.run_id}\n")
    print_readings(factory.definitions, readings)
    output.say()
    print_reconciliation(reconciliation)
    output.say(f"\nnext: factory kpi explain par_90 --workspace {folder}")
