"""What people answer to an alert: acknowledge, assign, snooze, note, close."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Amount, Call, pass_call
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.alerting.act import Action
    from fintech_factory.alerting.alert import AlertState

__all__ = ["VERBS"]

_SHORT = 8
_by_option = click.option("--by", required=True, metavar="NAME", help="Who says so.")
_reason_option = click.option("--reason", default="", metavar="TEXT", help="Why.")
_revision_option = click.option(
    "--revision", type=int, help="The revision that you looked at; refused if it has changed since."
)


@click.command("ack")
@click.argument("alert", metavar="[ID]", required=False)
@click.option("--by", metavar="NAME", help="Who says so; not with --token, which knows it.")
@_reason_option
@_revision_option
@click.option("--token", metavar="TOKEN", help="The token of a link that a message carried.")
@pass_call
def ack(  # noqa: PLR0913 - one argument an option
    call: Call,
    *,
    alert: str | None,
    by: str | None,
    reason: str,
    revision: int | None,
    token: str | None,
) -> None:
    """Say that you have seen an alert and are on it: it is not escalated for a while."""
    from fintech_factory.alerting.act import Acknowledge

    if token is not None:
        if alert is not None or by is not None:
            raise UsageError("a token says which alert and who", where="--token")
        if reason or revision is not None:
            raise UsageError("a token goes alone", hint="leave --reason and --revision out")
        _say(call, call.factory().alerts.answer_by_link(token, "acknowledge"))
        return
    if alert is None or by is None:
        raise UsageError("name the alert, and yourself with --by", hint="factory alerts list")
    _do(call, alert, Acknowledge(by, reason), revision)


@click.command("assign")
@click.argument("alert", metavar="ID")
@click.option("--to", required=True, metavar="NAME", help="Whose it is.")
@_by_option
@_reason_option
@_revision_option
@pass_call
def assign(  # noqa: PLR0913 - one argument an option
    call: Call, *, alert: str, to: str, by: str, reason: str, revision: int | None
) -> None:
    """Say whose an alert is."""
    from fintech_factory.alerting.act import Assign

    _do(call, alert, Assign(by, to, reason), revision)


@click.command("snooze")
@click.argument("alert", metavar="ID")
@click.option("--hours", type=Amount(min=0, min_open=True, max=8760), required=True)
@_by_option
@_reason_option
@pass_call
def snooze(call: Call, *, alert: str, hours: float, by: str, reason: str) -> None:
    """Hear of an alert again in some hours, and not before; a compliance breach has no snooze."""
    from fintech_factory.alerting.act import SnoozeUntil

    factory = call.factory()
    until = factory.clock.now() + timedelta(hours=hours)
    _do(call, alert, SnoozeUntil(by, until, reason), None)


@click.command("note")
@click.argument("alert", metavar="ID")
@click.argument("text")
@_by_option
@pass_call
def note(call: Call, *, alert: str, text: str, by: str) -> None:
    """Write something down on an alert; it shows in its thread."""
    from fintech_factory.alerting.act import Note

    _do(call, alert, Note(by, text), None)


@click.command("close")
@click.argument("alert", metavar="ID")
@_by_option
@click.option("--reason", required=True, metavar="TEXT", help="Why it is over.")
@_revision_option
@pass_call
def close(call: Call, *, alert: str, by: str, reason: str, revision: int | None) -> None:
    """Say that an alert is over; a compliance breach ends no other way."""
    from fintech_factory.alerting.act import Close

    _do(call, alert, Close(by, reason), revision)


def _do(call: Call, alert: str, action: "Action", revision: int | None) -> None:
    factory = call.factory()
    _say(call, factory.alerts.answer(alert, action, revision))
    factory.alerts.send()


def _say(call: Call, state: "AlertState") -> None:
    from fintech_factory.app.alert_pages import alert_json

    if call.json:
        output.emit_json(alert_json(state))
        return
    ends = state.acknowledgement.expires_at if state.acknowledgement else None
    until = f" until {ends:%Y-%m-%d %H:%M} UTC" if ends and state.snooze is None else ""
    output.say(f"{state.alert_id[:_SHORT]} {state.fingerprint}: {_stand(state)}{until}")


def _stand(state: "AlertState") -> str:
    if not state.is_live:
        return state.status.value
    if state.snooze is not None:
        return f"snoozed until {state.snooze.until:%Y-%m-%d %H:%M} UTC"
    if state.acknowledgement is not None:
        return f"acknowledged by {state.acknowledgement.by}"
    return f"{state.status.value}, {state.level.value}"


VERBS = (ack, assign, snooze, note, close)
"""What `factory alerts` can do of this."""
