"""`factory schedule`: what is due by the clock."""

from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, by_option, pass_call

if TYPE_CHECKING:
    from fintech_factory.pipeline.schedule import Due

__all__ = ["command"]

_FURTHEST_DAYS = 366


@click.group("schedule")
def command() -> None:
    """Say when work is due next, and what defers it; pause a schedule. Times are UTC."""


@command.command("next")
@click.option(
    "--days",
    type=click.IntRange(1, _FURTHEST_DAYS),
    help="Every slot of that many days; else the next of each schedule.",
)
@pass_call
def next_slots(call: Call, *, days: int | None) -> None:
    """List when each schedule is due next, when it is done, and why one is off.

    What falls into a maintenance window is done when the window closes.
    """
    schedules = call.factory().schedules
    found = schedules.next() if days is None else schedules.within(days)
    if call.json:
        output.emit_json({"slots": [_json(each) for each in found]})
        return
    output.print_table(
        ["schedule", "does", "due (UTC)", "done", "note"], [_line(each) for each in found]
    )


@command.command("list")
@pass_call
def list_schedules(call: Call) -> None:
    """List the schedules, whether each is done, and up to when its slots are put down."""
    found = call.factory().schedules.listed()
    if call.json:
        output.emit_json({"schedules": found})
        return
    output.print_table(
        ["schedule", "does", "at (UTC)", "status", "last", "note"],
        [
            [
                each["schedule"],
                each["does"],
                each["at"],
                each["status"],
                each["last"]["status"] if each["last"] else "-",
                each["reason"] or "-",
            ]
            for each in found
        ],
    )


@command.command("pause")
@click.argument("schedule", metavar="SCHEDULE")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@by_option
@pass_call
def pause(call: Call, *, schedule: str, reason: str, by: str) -> None:
    """Let a schedule's slots pass undone until it is resumed."""
    changed = call.factory(by).slots.pause(schedule, reason)
    _say(call, schedule, "paused" if changed else "paused already")


@command.command("resume")
@click.argument("schedule", metavar="SCHEDULE")
@by_option
@pass_call
def resume(call: Call, *, schedule: str, by: str) -> None:
    """Do a schedule's slots again from now on; what passed meanwhile is not made up for."""
    changed = call.factory(by).slots.resume(schedule)
    _say(call, schedule, "resumed" if changed else "not paused")


def _say(call: Call, schedule: str, status: str) -> None:
    if call.json:
        output.emit_json({"schedule": schedule, "status": status})
    else:
        output.say(f"{schedule}: {status}")


def _line(due: "Due") -> list[object]:
    schedule = due.schedule
    if not schedule.is_enabled:
        done, note = "never", f"off: {schedule.reason}"
    elif due.window:
        done, note = f"{due.done_at:%Y-%m-%d %H:%M}", f"after {due.window}"
    else:
        done, note = "at once", "-"
    return [schedule.name, schedule.does.value, f"{due.slot:%a %Y-%m-%d %H:%M}", done, note]


def _json(due: "Due") -> dict[str, Any]:
    schedule = due.schedule
    return {
        "schedule": schedule.name,
        "title": dict(schedule.title),
        "does": schedule.does.value,
        "at": schedule.at,
        "enabled": schedule.is_enabled,
        "reason": schedule.reason or None,
        "slot": due.slot.isoformat(),
        "done_at": due.done_at.isoformat() if schedule.is_enabled else None,
        "window": due.window or None,
    }
