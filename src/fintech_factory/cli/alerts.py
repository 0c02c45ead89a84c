"""`factory alerts`: what fires, and what became of it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import alert_answers, alert_past, alert_runbook, alert_upkeep, output
from fintech_factory.cli.options import Call, exit_with_findings, optional_day_option, pass_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fintech_factory.alerting.alert import AlertState
    from fintech_factory.alerting.latency import Latency
    from fintech_factory.app.alert_pages import Page
    from fintech_factory.values import Unit

__all__ = ["command", "print_inbox"]

_SHORT = 8


@click.group("alerts")
def command() -> None:
    """List and answer alerts; replay rules over the past; say why nobody was told."""


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Those that have ended as well.")
@click.option("--rule", default="", metavar="RULE", help="Those of one rule.")
@pass_call
def list_alerts(call: Call, *, every: bool, rule: str) -> None:
    """List the alerts that are open, the gravest first; exit 3 if one fires."""
    from fintech_factory.app.alert_pages import alert_json

    pages = call.factory().alert_pages
    found = pages.listed(live=not every, rule=rule)
    if call.json:
        output.emit_json({"alerts": [alert_json(each, pages.unit_of(each)) for each in found]})
    else:
        output.print_table(
            ["alert", "rule", "part", "level", "status", "value", "as of", "since", "answer"],
            [_line(each, pages.unit_of(each)) for each in found],
        )
    if any(each.is_firing for each in found):
        exit_with_findings()


def _line(state: "AlertState", unit: "Unit | None") -> list[object]:
    from fintech_factory.i18n import Language, figure

    value = None if state.value is None else figure(state.value, Language.EN, unit=unit)
    return [
        state.alert_id[:_SHORT],
        state.rule,
        state.member or "book",
        state.level.value,
        f"{state.status.value}, stale" if state.stale else state.status.value,
        value,
        state.as_of,
        f"{state.opened_at:%Y-%m-%d %H:%M}",
        _answer(state),
    ]


def _answer(state: "AlertState") -> str:
    if state.snooze is not None:
        return f"snoozed until {state.snooze.until:%m-%d %H:%M}"
    if state.acknowledgement is not None:
        return f"{state.acknowledgement.by} until {state.acknowledgement.expires_at:%m-%d %H:%M}"
    return f"level {state.escalated}" if state.is_firing else "-"


@command.command("show")
@click.argument("alert", metavar="ID")
@pass_call
def show(call: Call, *, alert: str) -> None:
    """Show one alert: its steps, who was told of each or why not, and what was sent."""
    page = call.factory().alert_pages.page(alert)
    if call.json:
        output.emit_json(page.as_json())
        return
    _print_page(page)


def _print_page(page: "Page") -> None:
    state = page.state
    output.say(f"{state.alert_id}  {state.fingerprint}  {state.status.value}, {state.level.value}")
    if state.reason:
        output.say(state.reason)
    if state.stale:
        output.say(f"STALE: {state.stale}")
    if page.latency is not None:
        output.say(_way(page.latency))
    if page.repeats:
        output.say(f"said again {page.repeats} times")
    output.print_table(
        ["at", "what", "level", "value", "as of", "who", "why", "told"],
        [
            [
                *(each[name] for name in ("at", "kind", "level")),
                _rounded(each["value"]),
                *(each[name] for name in ("as_of", "actor")),
                each["reason"] or "-",
                _told(each["told"]),
            ]
            for each in page.steps
        ],
    )
    output.print_table(
        ["channel", "address", "occasion", "status", "attempts", "ended", "why"],
        [
            [
                *(each[name] for name in ("channel", "address", "occasion")),
                f"{each['status']}, may be a repeat" if each["may_be_repeat"] else each["status"],
                each["attempts"],
                each["ended_at"],
                each["reason"] or "-",
            ]
            for each in page.messages
        ],
    )
    for each in page.responses:
        undo = f" (undo: factory alerts undo {each['id']})" if each["undo"] else ""
        output.say(f"{each['kind']}: {each['outcome'] or 'waits'}{undo}")


def _way(latency: "Latency") -> str:
    """Say how long it took from the export's arrival until a channel had the message."""
    if latency.seconds is not None:
        return (
            f"from the export's arrival to the first receipt: {latency.seconds:.1f} s,"
            f" by {latency.received_by}"
        )
    return f"from the export's arrival to the first receipt: unavailable: {latency.reason}"


def _rounded(value: str | None) -> str | None:
    return None if value is None else f"{Decimal(value):.2f}"


def _told(told: list[dict[str, str]]) -> str:
    said = (
        f"{each['channel']} {each['address']}".rstrip()
        + (f" not told: {each['withheld']}" if "withheld" in each else "")
        for each in told
    )
    return "; ".join(said) or "-"


@command.command("history")
@optional_day_option("--from", "The first day.")
@optional_day_option("--to", "The last day.")
@click.option("--rule", default="", metavar="RULE", help="Those of one rule.")
@pass_call
def history(call: Call, /, *, rule: str, **days: date | None) -> None:
    """List the alerts of some days, and how long they waited for an answer and for their end."""
    from fintech_factory.app.alert_pages import Span, alert_json

    span = Span(days["from"], days["to"])
    pages = call.factory().alert_pages
    found = [
        each for each in pages.listed(live=False, rule=rule) if span.holds(each.opened_at.date())
    ]
    times = pages.times(span, rule)
    if call.json:
        rows = [alert_json(each, pages.unit_of(each)) for each in found]
        output.emit_json({"alerts": rows, "times": times})
        return
    output.print_table(
        ["alert", "rule", "part", "level", "status", "value", "as of", "since", "answer"],
        [_line(each, pages.unit_of(each)) for each in found],
    )
    output.say(
        f"{times['fired']} fired; to the first answer {_span(times['mtta_seconds'])} (MTTA, of"
        f" {times['acknowledged']}), to the end {_span(times['mttr_seconds'])} (MTTR, of"
        f" {times['ended']})"
    )
    output.say(_told_in(times["latency"]))


def _told_in(latency: "Mapping[str, Any]") -> str:
    if not latency["caused_by_an_arrival"]:
        return "from arrival to receipt: unavailable: no arrival caused any of them"
    shown = ", ".join(
        f"{name} {_seconds(latency[f'{name}_seconds'])}" for name in ("p50", "p99", "max")
    )
    return (
        f"from arrival to receipt: {shown}; of {latency['caused_by_an_arrival']} that an arrival"
        f" caused, {latency['missed']} missed {latency['promised_seconds']:.0f} s"
    )


def _seconds(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f} s"


def _span(seconds: float | None) -> str:
    return "n/a" if seconds is None else str(timedelta(seconds=round(seconds)))


@command.command("inbox")
@click.argument("receiver", required=False, default="")
@pass_call
def inbox(call: Call, *, receiver: str) -> None:
    """Read the in-app inbox of a receiver, or everybody's, the newest first."""
    items = call.factory().alert_pages.inbox(receiver)
    if call.json:
        output.emit_json({"items": items})
    else:
        print_inbox(items)


def print_inbox(items: "Sequence[Mapping[str, Any]]") -> None:
    """Print items of the in-app inbox."""
    output.print_table(
        ["at", "receiver", "severity", "what"],
        [[each[name] for name in ("at", "receiver", "severity", "subject")] for each in items],
    )


for verb in (
    *alert_answers.VERBS,
    *alert_past.VERBS,
    *alert_runbook.VERBS,
    *alert_upkeep.VERBS,
):
    command.add_command(verb)
