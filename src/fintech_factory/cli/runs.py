"""`factory runs`: every try of a run, what waits, and what is asked of it."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output, run_logs
from fintech_factory.cli.options import Call, by_option, day_option, pass_call

if TYPE_CHECKING:
    from fintech_factory.app.run_pages import RunPages

__all__ = ["command"]

_MOST = 20
_STATUSES = (
    "running", "published", "blocked", "unchanged", "done", "failed", "busy", "cancelled",
    "paused", "handed_over", "lost",
)  # fmt: skip


@click.group("runs")
def command() -> None:
    """List and show runs and their log, failed and killed ones too; cancel, pause, resume work."""


@command.command("list")
@click.option("--most", type=click.IntRange(1, 10_000), default=_MOST, show_default=True)
@click.option("--status", type=click.Choice(_STATUSES), help="Only runs that stand so.")
@pass_call
def list_runs(call: Call, *, most: int, status: str | None) -> None:
    """List what waits, then the last tries of runs, the newest first; times are UTC."""
    pages = _pages(call)
    found, waiting = pages.listed(most, status or ""), pages.waiting()
    if call.json:
        output.emit_json({"waiting": waiting, "runs": found})
        return
    if waiting:
        output.print_table(
            ["slot", "work", "status", "due (UTC)", "tries", "note"],
            [_waits(each) for each in waiting],
            title="waiting",
        )
    if not found:
        output.say("no run has been tried yet: `factory run`, or `factory serve`")
        return
    output.print_table(
        ["run", "began by", "status", "started (UTC)", "seconds", "why"],
        [
            [
                each["run_id"],
                _began(each),
                each["status"],
                _minute(each["started_at"]),
                "-" if each["seconds"] is None else f"{each['seconds']:.1f}",
                each["reason"] or "-",
            ]
            for each in found
        ],
    )


@command.command("show")
@click.argument("run", metavar="RUN")
@pass_call
def show_run(call: Call, *, run: str) -> None:
    """Show one try with its steps; RUN is its name, a part of it, or `last`."""
    found = _pages(call).show(run)
    if call.json:
        output.emit_json(found)
        return
    output.print_table(["", ""], [[name, said] for name, said in _facts(found)])
    output.print_table(
        ["step", "status", "seconds"],
        [
            [
                each["name"],
                each["status"],
                "-" if each["seconds"] is None else f"{each['seconds']:.2f}",
            ]
            for each in found["steps"]
        ],
    )
    if len(found["tries"]) > 1:
        output.print_table(
            ["try", "run", "status", "why"],
            [
                [each["number"], each["run_id"], each["status"], each["reason"] or "-"]
                for each in found["tries"]
            ],
        )


command.add_command(run_logs.logs)


@command.command("cancel")
@click.argument("work", metavar="SLOT|RUN")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@by_option
@pass_call
def cancel(call: Call, *, work: str, reason: str, by: str) -> None:
    """Cancel work that waits, or stop a run before its next step; nothing of it is published."""
    _ask(call, work, "cancel", (by, reason))


@command.command("pause")
@click.argument("work", metavar="SLOT|RUN")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@by_option
@pass_call
def pause(call: Call, *, work: str, reason: str, by: str) -> None:
    """Let work that waits wait on, or stop a run before its next step, until it is resumed."""
    _ask(call, work, "pause", (by, reason))


@command.command("resume")
@click.argument("work", metavar="SLOT|RUN")
@by_option
@pass_call
def resume(call: Call, *, work: str, by: str) -> None:
    """Do paused work now."""
    _ask(call, work, "resume", (by, ""))


@command.command("backfill")
@day_option("--from", "The first past day to be measured anew.")
@day_option("--to", "The last one.")
@click.option("--month-ends", is_flag=True, help="Only the month-ends between them.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the audit trail.")
@by_option
@pass_call
def backfill(call: Call, /, *, month_ends: bool, reason: str, by: str, **days: date) -> None:
    """Measure past days anew, one run each, by the models and settings of now; nobody is told.

    `factory serve` does it after all that is of today, or `factory run --due` one at a time.
    """
    from fintech_factory.transform.dates import month_end

    first, last = days["from"], days["to"]
    if first > last:
        raise click.UsageError("--from lies after --to")
    every = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    wanted = [day for day in every if not month_ends or day == month_end(day)]
    if not wanted:
        raise click.UsageError("no month ends between them")
    made = call.factory(by).slots.backfill(wanted, reason)
    if call.json:
        output.emit_json({"days": wanted, "work": made})
    else:
        output.say(f"{len(made)} runs wait; `factory runs list` shows them")


def _ask(call: Call, work: str, wanted: str, said: tuple[str, str]) -> None:
    by, reason = said
    slots = call.factory(by).slots
    status = slots.ask(slots.find(work), wanted, reason)
    if call.json:
        output.emit_json({"work": work, "wanted": wanted, "status": status.value})
    elif status.value == "running":
        output.say(f"{work} is under way: it stops before its next step")
    else:
        output.say(f"{work} is {status.value}")


def _waits(slot: dict[str, Any]) -> list[object]:
    notes = [f"after {slot['deferred_by']}"] if slot["deferred_by"] else []
    notes += [slot["reason"]] if slot["reason"] else []
    work = "an export that arrived" if slot["cause"] == "arrival" else slot["schedule"]
    return [
        slot["sequence"],
        work,
        slot["status"],
        _minute(slot["due_at"]),
        slot["attempts"],
        "; ".join(notes) or "-",
    ]


def _began(run: dict[str, Any]) -> str:
    if run["cause"] == "schedule":
        return f"{run['schedule']} of {_minute(run['fell_due_at'])}, try {run['number']}"
    words = {"arrival": "an export that arrived", "manual": "hand", "backfill": "backfill"}
    tried = f", try {run['number']}" if run["number"] > 1 else ""
    return f"{words[run['cause']]}{tried}"


def _facts(run: dict[str, Any]) -> list[tuple[str, object]]:
    slot, result = run["slot"], run["result"]
    facts: list[tuple[str, object]] = [
        ("run", run["run_id"]),
        ("status", run["status"]),
        ("started (UTC)", _second(run["started_at"])),
        ("ended", _second(run["ended_at"]) if run["ended_at"] else "it is under way"),
    ]
    if slot:
        facts.append(("work", f"{slot['schedule']} {slot['slot'][:25]}, {slot['status']}"))
    if slot and slot["deferred_by"]:
        facts.append(("deferred by", slot["deferred_by"]))
    if run["reason"]:
        facts.append(("why", run["reason"]))
    if run["hint"]:
        facts.append(("what to do", run["hint"]))
    if result:
        facts.append(("as of", result["as_of"]))
        facts.append(("batch", result["batch_id"]))
        facts.append(("published", f"{result['readings']} readings, {result['version'] or '-'}"))
    return facts


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _second(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _pages(call: Call) -> "RunPages":
    return call.factory().run_pages
