"""`factory slo`: how the work stands to what is promised of it."""

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, exit_with_findings, pass_call
from fintech_factory.telemetry.objective import BURN_WINDOWS, Verdict

if TYPE_CHECKING:
    from fintech_factory.telemetry.objective import Standing

__all__ = ["command"]


@click.command("slo")
@pass_call
def command(call: Call) -> None:
    """Say how each objective stands: its target, the error budget left, how fast it is used.

    Exit 3 if one is missed. A burn of 1 uses the budget up just as the window ends.
    """
    from fintech_factory.app.slo import Objectives, standing_json

    found = Objectives(call.factory()).standings()
    if call.json:
        output.emit_json({"objectives": [standing_json(each) for each in found]})
    else:
        burns = [f"burn {name}" for name in BURN_WINDOWS]
        output.print_table(
            ["objective", "target", "days", "good", "budget left", *burns, "status"],
            [_line(each) for each in found],
        )
    if any(each.verdict is Verdict.MISSED for each in found):
        exit_with_findings()


def _line(stands: "Standing") -> list[object]:
    objective = stands.objective
    return [
        objective.name,
        _percent(objective.target),
        objective.window.days,
        _percent(stands.ratio),
        _percent(stands.budget_left),
        *("n/a" if each is None else f"{each:.2f}" for each in stands.burn.values()),
        stands.verdict.value,
    ]


def _percent(share: Decimal | None) -> str:
    return "n/a" if share is None else f"{share * 100:.2f} %"
