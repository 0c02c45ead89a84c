"""`factory reports`: what each department is told every day, and who had it when."""

from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import (
    Call,
    as_of_option,
    by_option,
    exit_with_findings,
    optional_day_option,
    pass_call,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from fintech_factory.reporting.department import Department, Recipient
    from fintech_factory.reporting.rounds import Stood

__all__ = ["command"]


@click.group("reports")
def command() -> None:
    """Show and send what each department is told every day; say who had it when. Times are UTC."""


@command.command("list")
@pass_call
def list_reports(call: Call) -> None:
    """List the departments' daily messages: who is told, by which channel, and of how much."""
    roles = call.factory().daily.roles
    found = [
        (department, each)
        for department in roles.departments.values()
        for each in department.recipients
    ]
    if call.json:
        output.emit_json(
            {
                "due": roles.promise.due.isoformat("minutes"),
                "departments": [_department(each) for each in roles.departments.values()],
            }
        )
        return
    output.print_table(
        ["department", "recipient", "language", "channel", "address", "fallback", "KPIs"],
        [
            [
                department.id,
                each.name,
                each.language.value,
                each.channel,
                each.address or "-",
                each.fallback.channel,
                len(department.outputs.kpis),
            ]
            for department, each in found
        ],
    )
    output.say(f"everybody is told by {roles.promise.due:%H:%M} UTC")


@command.command("preview")
@click.argument("department", metavar="DEPARTMENT")
@as_of_option("A published date, as if it were today's; else what is known today.")
@click.option(
    "--lang", type=click.Choice(["en", "es"]), default="en", help="In which language; en if not."
)
@pass_call
def preview(call: Call, *, department: str, as_of: "date | None", lang: str) -> None:
    """Show a department's message as it would be sent now; nothing is sent."""
    from fintech_factory.distribution.rendering import as_json, lay_out, text_of
    from fintech_factory.message import Language

    message = call.factory().daily.preview(department, as_of)
    sheet = lay_out(message, Language(lang))
    if call.json:
        output.emit_json(as_json(sheet, message))
        return
    subject, text = text_of(sheet)
    output.say(f"Subject: {subject}")
    output.say()
    output.say(text.rstrip("\n"))


@command.command("send")
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@by_option
@pass_call
def send(call: Call, *, dry_run: bool, by: str) -> None:
    """Send today's messages to whoever has none yet, as the clock would now.

    Until ten minutes before the deadline figures that are not there are waited for; from then on
    whoever has no receipt is told another way. Nobody is sent the same twice. Exit code 3 if the
    deadline has passed and somebody had nothing by then.
    """
    daily = call.factory(by).daily
    day = daily.today
    if dry_run:
        put, missed = daily.plan(day), []
    else:
        done = daily.keep(day, enforce=not daily.is_early(day))
        put, missed = list(done.put), list(done.missed)
    if call.json:
        output.emit_json(
            {
                "day": day,
                "dry_run": dry_run,
                "messages": [each.as_json() for each in put],
                "missed": [f"{each.department}/{each.recipient}" for each in missed],
            }
        )
    else:
        if put:
            output.print_table(
                ["department", "recipient", "message", "way", "channel", "why"],
                [
                    [each.department, each.name, each.kind, each.way, each.channel, each.reason]
                    for each in put
                ],
            )
        said = "would be sent" if dry_run else "written"
        output.say(f"{day}: {len(put)} messages {said}")
        for each in missed:
            output.say(f"missed: {each.name} ({each.department})")
    if missed:
        exit_with_findings()


@command.command("history")
@click.argument("report", type=click.Choice(["daily"]))
@optional_day_option("--day", "Of which day; today if left out.")
@pass_call
def history(call: Call, *, report: str, day: "date | None") -> None:
    """Say of each recipient which message of a day was received, when, and by which channel."""
    daily = call.factory().daily
    chosen = day or daily.today
    found = daily.standing(chosen)
    if call.json:
        output.emit_json(
            {
                "report": report,
                "day": chosen,
                "due_at": daily.roles.promise.due_at(chosen),
                "days": daily.days(_DAYS),
                "recipients": [_stood(each) for each in found],
            }
        )
        return
    output.print_table(
        ["department", "recipient", "message", "received", "by", "late", "note"],
        [
            [
                each.department,
                each.name,
                each.kind or "-",
                _at(each.received_at),
                each.by or "-",
                _late(each.is_late),
                each.reason or "-",
            ]
            for each in found
        ],
    )


_DAYS = 30


def _at(moment: "datetime | None") -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment is not None else "-"


def _late(is_late: bool | None) -> str:  # noqa: FBT001 - a cell
    return "not yet due" if is_late is None else "yes" if is_late else "no"


def _department(department: "Department") -> dict[str, Any]:
    outputs = department.outputs
    return {
        "department": department.id,
        "title": {"en": department.title.en, "es": department.title.es},
        "kpis": list(outputs.kpis),
        "alerts": sorted(each.value for each in outputs.alerts),
        "findings": outputs.findings,
        "compliance": outputs.compliance,
        "views": list(outputs.views),
        "recipients": [_recipient(each) for each in department.recipients],
    }


def _recipient(recipient: "Recipient") -> dict[str, Any]:
    return {
        "recipient": recipient.id,
        "name": recipient.name,
        "language": recipient.language.value,
        "channel": recipient.channel,
        "address": recipient.address or None,
        "person": recipient.person or None,
        "rota": recipient.rota or None,
        "fallback": {
            "channel": recipient.fallback.channel,
            "address": recipient.fallback.address or None,
        },
    }


def _stood(stood: "Stood") -> dict[str, Any]:
    return {
        "department": stood.department,
        "recipient": stood.recipient,
        "name": stood.name,
        "kind": stood.kind or None,
        "due_at": stood.due_at,
        "delivered_at": stood.received_at,
        "channel": stood.by or None,
        "way": stood.way or None,
        "late": stood.is_late,
        "figures_at": stood.figures_at,
        "reason": stood.reason or None,
    }
