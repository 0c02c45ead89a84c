"""What a rule would have done, and why nobody was told."""

from datetime import date

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, exit_with_findings, optional_day_option, pass_call

__all__ = ["VERBS"]


@click.command("backtest")
@click.option("--rule", default="par_90", show_default=True, metavar="RULE")
@optional_day_option("--from", "The first day.")
@optional_day_option("--to", "The last day.")
@pass_call
def backtest(call: Call, /, *, rule: str, **days: date | None) -> None:
    """Replay a rule over the book's past, through the machine that judges the present."""
    from fintech_factory.app.alert_pages import Span

    found = call.factory().alert_pages.backtest(rule, Span(days["from"], days["to"]))
    if call.json:
        output.emit_json(found)
        return
    output.print_table(
        ["as of", "value", "level", "what happened"],
        [
            [each["as_of"], _rounded(each["value"]), each["level"], each["transition"] or "-"]
            for each in found["evaluations"]
        ],
        title=f"{rule}, as it would have been",
    )
    counts = found["counts"]
    levels = ", ".join(f"{counts[name]} {name}" for name in ("warning", "critical", "executive"))
    output.say(f"{counts['evaluations']} snapshots: {levels}, {counts['unknown']} unknown")


def _rounded(value: str | None) -> str | None:
    from decimal import Decimal

    return None if value is None else f"{Decimal(value):.2f}"


@click.command("why-not")
@click.argument("rule", metavar="RULE")
@click.option("--member", default="", metavar="NAME", help="The part of the book, or the thing.")
@click.option("--no-probe", is_flag=True, help="Do not look at the channels' servers.")
@pass_call
def why_not(call: Call, *, rule: str, member: str, no_probe: bool) -> None:
    """Walk every gate between a figure and the people that it should reach; exit 3 at a closed one.

    Channels are looked at without anybody noticing.
    """
    from fintech_factory.app.alert_gates import AlertGates

    gates = AlertGates(call.factory()).why_not(rule, member, probe=not no_probe)
    if call.json:
        output.emit_json({"rule": rule, "gates": [each.as_json() for each in gates]})
    else:
        words = {True: "open", False: "CLOSED", None: "-"}
        output.print_table(
            ["gate", "", "what was looked at"],
            [[each.name, words[each.passed], each.said] for each in gates],
        )
    if any(each.passed is False for each in gates):
        exit_with_findings()


VERBS = (backtest, why_not)
"""What `factory alerts` can do of this."""
