"""`factory metrics`: what the records measure, for Prometheus."""

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, pass_call

__all__ = ["command"]


@click.command("metrics")
@pass_call
def command(call: Call) -> None:
    """Print what the records measure in Prometheus' text format.

    Every figure is computed from the operational database: every process gives the same. What is
    not known yet is left out; it is not 0.
    """
    from fintech_factory.app.metrics import measures
    from fintech_factory.telemetry.exposition import families_json, text_of

    found = measures(call.factory())
    if call.json:
        output.emit_json({"measures": families_json(found)})
    else:
        output.say(text_of(found).rstrip("\n"))
