"""`factory run`: rebuild, measure, verify, reconcile, validate, publish."""

from datetime import date, timedelta
from threading import Event
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, by_option, exit_with_findings, pass_call
from fintech_factory.cli.signals import asked_to_end
from fintech_factory.cli.stale import say_stale

if TYPE_CHECKING:
    from fintech_factory.app import Factory
    from fintech_factory.pipeline.outcome import DayOutcome

__all__ = ["command"]

STEPS = ("ingest", "transform", "kpi", "verify", "observe", "reconcile", "validate", "publish")


@click.command("run")
@as_of_option("The date the figures speak of; else the last day of data.")
@click.option(
    "--month-ends", is_flag=True, help="Every month-end, and the last day of data, in one pass."
)
@click.option("--force", is_flag=True, help="Run although nothing has changed.")
@click.option("--due", is_flag=True, help="Only what is due by the clock or has arrived, once.")
@by_option
@pass_call
def command(  # noqa: PLR0913 - one argument an option
    call: Call, *, as_of: date | None, month_ends: bool, force: bool, due: bool, by: str
) -> None:
    """Bring in what lies in inbox/, rebuild the models and publish every KPI.

    Exit 3 if a warning or a critical finding is open after it, whichever run found it, rows were
    set aside, or an export was refused. What is accepted or only noted does not count, nor that an
    export is late: the label says it. If findings stop the publish, the last good version stays.
    """
    from fintech_factory.pipeline.outcome import Dates

    if as_of is not None and month_ends:
        raise click.UsageError("--as-of and --month-ends exclude each other")
    if due and (as_of is not None or month_ends or force):
        raise click.UsageError("--due takes its dates from what is due; it goes alone")
    dates = Dates(as_of, month_ends)
    factory = call.factory(by)
    if due:
        _run_due(call, factory)
        return
    with output.progress("run", len(STEPS), quiet=call.quiet) as advance:
        outcome = factory.run(dates, force=force, on_step=lambda _: advance(1))
    if call.json:
        output.emit_json(outcome.as_json())
    else:
        _print(outcome)
    if outcome.has_findings:
        exit_with_findings()


def _run_due(call: Call, factory: "Factory") -> None:
    """Work at the first thing that is due; exit 1 if it failed, 3 if findings blocked it."""
    from fintech_factory.app.work import Work

    asked = Event()
    work = Work(factory, stopping=asked.is_set)
    with asked_to_end(asked.set):
        work.look()
        worked = work.one()
        if not asked.is_set():
            factory.alerts.send_if_due(timedelta())
    if call.json:
        said = None if worked is None else worked.as_json()
        output.emit_json({"worked": said})
    elif worked is None:
        output.say("nothing is due; `factory schedule next` says what is next")
    else:
        output.say(f"{worked.outcome}: {worked.run_id}{_because(worked.reason)}")
    if worked is not None and worked.failed:
        raise click.exceptions.Exit(1)
    if worked is not None and worked.outcome == "blocked":
        exit_with_findings()


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _print(outcome: "DayOutcome") -> None:
    output.print_table(
        ["step", "status", "seconds"],
        [[step.name, step.status, f"{step.seconds:.2f}"] for step in outcome.steps],
    )
    dates = f"{outcome.as_ofs[0]} to {outcome.as_ofs[-1]}" if len(outcome.as_ofs) > 1 else ""
    output.say(
        f"{outcome.status.value}: {outcome.run_id}, as of {dates or outcome.as_ofs[0]}, "
        f"data through {outcome.data_through}"
    )
    for export in outcome.inbox.refused:
        why = export.reason or "its findings lie in warehouse/raw/cascade/refused"
        output.say(f"refused: inbox/{export.folder}: {why}")
    if outcome.inbox.set_aside:
        output.say(f"{outcome.inbox.set_aside} rows set aside; see quarantine.parquet of the batch")
    if outcome.reconciliation is not None:
        output.say(
            f"{len(outcome.readings)} readings, {outcome.withheld} withheld; "
            f"reconciliation {outcome.reconciliation.status.value}"
        )
    met = {each.id for each in outcome.findings}
    for each in outcome.open_findings:
        if each.id not in met:
            continue
        stops = ", stops the publish" if each.id in outcome.blocking else ""
        said = each.found.finding
        output.say(f"{said.severity.value}{stops}: {each.id} {said.code}: {said.message}")
    say_stale(outcome.stale)
    if counts := outcome.open_counts:
        open_ = ", ".join(f"{count} {severity}" for severity, count in counts.items())
        output.say(f"open findings: {open_}; see `factory findings`")
