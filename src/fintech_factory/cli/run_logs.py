"""What was logged of a run."""

from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, pass_call

if TYPE_CHECKING:
    from fintech_factory.app.log_pages import LogLine

__all__ = ["logs"]

_LEVELS = ("info", "warning", "error")
_BESIDE = frozenset({"run", "step", "process"})


@click.command("logs")
@click.argument("run", metavar="RUN")
@click.option(
    "--level",
    type=click.Choice(_LEVELS),
    default="info",
    show_default=True,
    help="Leave out what is less grave.",
)
@pass_call
def logs(call: Call, *, run: str, level: str) -> None:
    """Show what was logged of a run, and of what was sent because of it; times are UTC.

    RUN is its name, a part of it, or `last`. With --json each line is the document that Cloud
    Logging reads.
    """
    from fintech_factory.app.log_pages import LogPages

    run_id, lines = LogPages(call.factory()).of_run(run, level.upper())
    if call.json:
        output.emit_json({"run_id": run_id, "lines": [each.document for each in lines]})
        return
    output.print_table(
        ["time", "severity", "step", "event", "said"], [_line(each) for each in lines]
    )
    for each in lines:
        if each.stack_trace:
            output.say(f"\n{each.at:%H:%M:%S.%f} {each.message}:\n{each.stack_trace}")


def _line(line: "LogLine") -> list[object]:
    labels = {name: each for name, each in line.labels.items() if name not in _BESIDE}
    said = {**line.fields, **labels}
    text = " ".join(f"{name}={_short(each)}" for name, each in said.items() if each is not None)
    at = f"{line.at:%Y-%m-%d %H:%M:%S}.{line.at.microsecond // 1000:03}"
    return [at, line.severity, line.labels.get("step", "-"), line.message, text]


def _short(value: object) -> str:
    match value:
        case dict():
            return ",".join(f"{name}:{_short(each)}" for name, each in value.items()) or "-"
        case list():
            return ",".join(_short(each) for each in value) or "-"
    return output.cell(value)
