"""`factory kpi why`: what a reading rests on, entry by entry of the audit trail."""

from datetime import date
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, pass_call

if TYPE_CHECKING:
    from fintech_factory.app.provenance import Provenance, Told

__all__ = ["VERBS"]


@click.command("why")
@click.argument("kpi")
@as_of_option("The date; else the last day of data.")
@pass_call
def why(call: Call, *, kpi: str, as_of: date | None) -> None:
    """Show what a reading rests on: run, batches, definition, settings, each with its entry."""
    from fintech_factory.app.provenance import provenance_of

    found = provenance_of(call.factory(), kpi, as_of)
    if call.json:
        output.emit_json(found.as_json())
    else:
        _print(found)


def _print(found: "Provenance") -> None:
    reading = found.reading
    output.say(f"{reading.kpi} at {reading.as_of} (data through {reading.data_through})")
    output.say(f"  value          {output.cell(reading.value)} {reading.unit.value}")
    output.say(f"  second engine  {reading.check.value}")
    output.say(f"  run            {reading.run_id or 'computed now, published by none'}")
    _print_entry(found.run)
    for each in found.batches:
        output.say(f"  batch          {each.subject}")
        _print_entry(each)
        for sha256 in each.batch_hashes:
            output.say(f"                 {sha256}")
    output.say(f"  definition     version {reading.definition_version}")
    _print_entry(found.definition)
    if found.settings is not None:
        output.say(f"  settings       {len(found.settings)} files, {found.settings_sha256}")
        _print_entry(found.settings_entry)


def _print_entry(told: "Told | None") -> None:
    if told is None:
        output.say("                 no entry of the audit trail tells of it")
        return
    why = f": {told.reason}" if told.reason else ""
    output.say(f"                 entry {told.sequence}, {told.time[:19]}, {told.actor}{why}")
    output.say(f"                 {told.hash}")


VERBS: tuple[click.Command, ...] = (why,)
