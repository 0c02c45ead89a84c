"""`factory demo`: a whole day on a synthetic book."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.alerts import print_inbox
from fintech_factory.cli.kpi import print_readings
from fintech_factory.cli.options import Call, pass_call
from fintech_factory.cli.reconcile import print_reconciliation

if TYPE_CHECKING:
    from fintech_factory.app import Factory
    from fintech_factory.book import BookPlan

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
    from fintech_factory.app import config_models
    from fintech_factory.book import BookPlan
    from fintech_factory.config import initialise
    from fintech_factory.pipeline.outcome import Dates

    with output.progress("demo", None, quiet=call.quiet):
        made = initialise(folder, config_models())
        workspace = made.workspace
        plan = BookPlan(loans, months, seed)
        _switch_on_facility(workspace.config / "facilities", plan)
        factory = replace(call, workspace_dir=folder).factory()
        factory.audit.initialised(made)
        _ingest(factory, plan)
        outcome = factory.run(Dates(month_ends=True))
    readings = factory.kpis.readings(None)
    reconciliation = factory.reconcile(None)
    told = factory.alert_pages.inbox()
    if call.json:
        output.emit_json(
            {
                "workspace": workspace.root,
                "run": outcome.as_json(),
                "readings": [reading.as_json() for reading in readings],
                "reconciliation": reconciliation.as_json(),
                "inbox": told,
            }
        )
        return
    output.say(f"workspace {workspace.root}: {outcome.status.value} {outcome.run_id}\n")
    print_readings(factory.definitions, readings)
    output.say()
    print_reconciliation(reconciliation)
    output.say("\nin the in-app inbox:")
    print_inbox(told)
    output.say(f"\nnext: .venv/bin/factory kpi explain par_90 --workspace {folder}")


def _switch_on_facility(folder: Path, plan: "BookPlan") -> None:
    """Copy the example facility, switched on, with cash for the day the book ends."""
    demo, example = folder / "demo.yaml", folder / "example.yaml"
    if demo.exists() or not example.exists():
        return
    text = example.read_text(encoding="utf-8").replace("enabled: false", "enabled: true", 1)
    demo.write_text(text.replace("{on: 2025-12-31,", f"{{on: {plan.until},"), encoding="utf-8")


def _ingest(factory: "Factory", plan: "BookPlan") -> None:
    """Bring in the book of a plan, generated once; half a book is never taken for one."""
    from fintech_factory.book import generate
    from fintech_factory.errors import RunFailed
    from fintech_factory.ingestion import Arrival

    export = factory.workspace.outputs / f"book-{plan.loans}-{plan.months}-{plan.seed}"
    if not export.exists():
        part = export.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        generate(plan, part)
        part.rename(export)
    # Another size of book is another book, not half of this one gone missing.
    landing = factory.ingest(Arrival((export,), accept_shrink=True))
    if landing.status == "refused":
        raise RunFailed("the book was refused", where=str(landing.folder), hint="see its manifest")
