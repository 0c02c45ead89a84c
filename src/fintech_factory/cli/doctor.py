"""`factory doctor`: look at everything that a workspace needs."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, exit_with_findings, pass_call
from fintech_factory.errors import FactoryError

if TYPE_CHECKING:
    from fintech_factory.app.doctor import Diagnosis, Report
    from fintech_factory.config.workspace import Workspace

__all__ = ["command"]


@click.command()
@click.argument("areas", metavar="[AREA]...", nargs=-1)
@pass_call
def command(call: Call, *, areas: Sequence[str]) -> None:
    """Look at the workspace, broken or not, and say what is wrong and what to do next.

    Without an AREA: at all of them (config, secrets, disk, clock, state, warehouse, export, runs,
    channels, outbox, quota, audit). Nothing is changed and nobody is told. Exit 0: nobody has to
    do anything; 3: there are findings, or something could not be looked at; 2: there is no such
    area or workspace; 1: the folder cannot be looked into at all.
    """
    from fintech_factory.app.doctor import Doctor, Ground

    tell = output.note if os.environ.get("FACTORY_DEBUG") == "1" else lambda _: None
    report = Doctor(Ground(_workspace(call)), tell).look(areas)
    if call.json:
        output.emit_json(report.as_json())
    else:
        _print(report)
    if not report.is_healthy:
        exit_with_findings()


def _workspace(call: Call) -> "Workspace":
    """Find the workspace, or what is left of one."""
    from fintech_factory.config.workspace import Workspace

    try:
        return Workspace.find_remains(call.workspace_dir, os.environ)
    except OSError as failed:
        raise FactoryError(
            f"the folder cannot be looked into: {failed.strerror}",
            where=str(failed.filename),
            hint="is its disk there, and may this account read it?",
        ) from failed


def _print(report: "Report") -> None:
    told = [each for each in report.worst_first if each.then]
    for each in told:
        _paragraph(each)
    output.print_table(
        ["area", "state", "what was seen"],
        [[area, report.grade_of(area).value, _seen(report, area)] for area in report.areas],
    )
    count = len(report.findings)
    said = "nothing to do" if not count else "1 finding" if count == 1 else f"{count} findings"
    output.say(f"\n{report.workspace}: {said}")


def _paragraph(each: "Diagnosis") -> None:
    output.say(f"{each.grade.value}: {each.area}: {each.what}")
    if each.where:
        output.say(f"  where: {each.where}")
    output.say(f"  next:  {each.then}")
    output.say()


def _seen(report: "Report", area: str) -> str:
    """Say what is as it should be."""
    return "; ".join(each.what for each in report.of(area) if not each.then) or "-"
