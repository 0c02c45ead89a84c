"""What people set up around alerts, and what they send again."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Amount, Call, exit_with_findings, pass_call
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fintech_factory.app import Factory
    from fintech_factory.distribution.dispatch import Tally

__all__ = ["VERBS"]

_by_option = click.option("--by", required=True, metavar="NAME", help="Who says so.")
_reason_option = click.option("--reason", default="", metavar="TEXT", help="Why.")


@click.command("silence")
@click.option("--rule", "rules", multiple=True, metavar="RULE")
@click.option(
    "--level", "levels", multiple=True, type=click.Choice(["warning", "critical", "executive"])
)
@click.option("--member", "members", multiple=True, metavar="NAME")
@click.option("--hours", type=Amount(min=0, min_open=True, max=87_600), metavar="HOURS")
@click.option("--by", "owner", default="", metavar="NAME", help="Who answers for it.")
@_reason_option
@click.option("--end", metavar="NAME", help="End a silence before its time.")
@pass_call
def silence(  # noqa: PLR0913 - one argument an option
    call: Call,
    *,
    rules: tuple[str, ...],
    levels: tuple[str, ...],
    members: tuple[str, ...],
    hours: float | None,
    owner: str,
    reason: str,
    end: str | None,
) -> None:
    """Let some alerts be quiet for some hours; without options, list what is.

    A compliance breach is told all the same: a silence that means nothing else is refused, and one
    that means other alerts too says so.
    """
    means = (rules, levels, members)
    if end is not None and (hours is not None or any(means) or reason):
        raise UsageError("--end goes with --by alone", where="--end")
    if end is not None and not owner.strip():
        raise UsageError("say who ends it", where="--by")
    if hours is None and end is None and (any(means) or owner or reason):
        raise UsageError("a silence has an end", where="--hours")
    upkeep = _upkeep(call)
    if end is not None:
        upkeep.end_silence(end, owner)
        output.note(f"ended: {end}", quiet=call.quiet)
    elif hours is not None:
        made = upkeep.silence(_wanted(upkeep.now(), hours, means, (owner, reason)))
        output.note(f"made: {made.id}", quiet=call.quiet)
    _print_silences(call, upkeep)


def _wanted(now: datetime, hours: float, means: Any, whose: tuple[str, str]) -> Any:  # noqa: ANN401
    from fintech_factory.alerting.match import Match
    from fintech_factory.alerting.silence import Silence
    from fintech_factory.values import LimitState

    rules, levels, members = means
    match = Match(rules=rules, levels=tuple(LimitState(each) for each in levels), members=members)
    return Silence(match, *whose, now, now + timedelta(hours=hours))


def _print_silences(call: Call, upkeep: Any) -> None:  # noqa: ANN401
    from fintech_factory.pipeline.alert_circumstances import match_json

    found = upkeep.silences()
    rows = [
        {
            "id": each.id or "in the settings",
            "means": {name: some for name, some in match_json(each.match).items() if some},
            "owner": each.owner,
            "reason": each.reason,
            "starts_at": each.starts_at.isoformat(timespec="seconds"),
            "ends_at": each.ends_at.isoformat(timespec="seconds"),
            "told_all_the_same": upkeep.breaches_of(each.match),
        }
        for each in found
    ]
    if call.json:
        output.emit_json({"silences": rows})
        return
    output.print_table(
        ["silence", "means", "owner", "reason", "until"],
        [
            [
                each["id"],
                _meant(each),
                each["owner"],
                each["reason"],
                each["ends_at"],
            ]
            for each in rows
        ],
    )


def _meant(silence: "Mapping[str, Any]") -> str:
    said = "; ".join(f"{name} {', '.join(some)}" for name, some in silence["means"].items())
    breaches = silence["told_all_the_same"]
    return f"{said}; but no breach of {', '.join(breaches)}" if breaches else said


@click.command("window")
@click.argument("name", required=False)
@click.option("--from", "starts", metavar="MOMENT", help="Like 2026-12-01T22:00Z.")
@click.option("--to", "ends", metavar="MOMENT")
@click.option("--by", default="", metavar="NAME", help="Who says so.")
@click.option("--override-reason", default="", metavar="TEXT", help="Why it cannot wait 24 hours.")
@click.option("--cancel", metavar="ID", help="Cancel one that was announced, begun or not.")
@pass_call
def window(  # noqa: PLR0913 - one argument an option
    call: Call,
    *,
    name: str | None,
    starts: str | None,
    ends: str | None,
    by: str,
    override_reason: str,
    cancel: str | None,
) -> None:
    """Announce a maintenance window, 24 hours ahead; without a name, list those announced.

    What is critical is told in it as well.
    """
    upkeep = _upkeep(call)
    given = (name, starts, ends, override_reason)
    if cancel is not None and any(given):
        raise UsageError("--cancel goes with --by alone", where="--cancel")
    if (cancel is not None or any(given)) and not by.strip():
        raise UsageError("say who says so", where="--by")
    if cancel is not None:
        upkeep.cancel_window(cancel, by)
        output.note(f"cancelled: {cancel}", quiet=call.quiet)
    elif name and starts and ends:
        _announce(call, (name, starts, ends), (by, override_reason))
        return
    elif any((*given, by)):
        raise UsageError("a window has a name, a beginning and an end", where="--from, --to")
    _print_windows(call, upkeep.windows())


def _announce(call: Call, what: tuple[str, str, str], said: tuple[str, str]) -> None:
    from fintech_factory.alerting.window import AdHoc

    upkeep, (name, starts, ends), (by, reason) = _upkeep(call), what, said
    span = (_moment(starts, "--from"), _moment(ends, "--to"))
    made = upkeep.announce(AdHoc(name, *span, upkeep.now(), by, reason))
    if call.json:
        output.emit_json({"id": made, "name": name})
    else:
        output.say(f"announced: {made}, {starts} to {ends}")


def _print_windows(call: Call, windows: list[dict[str, Any]]) -> None:
    if call.json:
        output.emit_json({"windows": windows})
        return
    columns = ("id", "name", "from", "to", "by")
    output.print_table(list(columns), [[each[name] for name in columns] for each in windows])


@click.command("stand-in")
@click.argument("rota")
@click.option("--person", required=True, metavar="ID", help="Who stands in.")
@click.option("--from", "starts", required=True, metavar="MOMENT")
@click.option("--to", "ends", required=True, metavar="MOMENT")
@_by_option
@_reason_option
@pass_call
def stand_in(  # noqa: PLR0913 - one argument an option
    call: Call, *, rota: str, person: str, starts: str, ends: str, by: str, reason: str
) -> None:
    """Put somebody on call in another's place for a while."""
    from fintech_factory.alerting.rota import Override

    override = Override(rota, person, _moment(starts, "--from"), _moment(ends, "--to"), reason, by)
    made = _upkeep(call).stand_in(override)
    if call.json:
        output.emit_json({"id": made, "rota": rota, "person": person})
    else:
        output.say(f"{person} is on call of {rota} from {starts} to {ends} ({made})")


def _moment(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(
            f"`{text}` is no moment", where=where, hint="write it like 2026-12-01T22:00Z"
        )
    return at


@click.command("replay")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="List the dead letters; send nothing.")
@click.option("--by", metavar="NAME", help="Who says so; not needed to list.")
@pass_call
def replay(call: Call, *, keys: tuple[str, ...], only_list: bool, by: str | None) -> None:
    """Send again what was given up, or may not have arrived: some keys, or all of them."""
    factory = call.factory()
    if only_list:
        if keys:
            raise UsageError("--list lists them all; no key goes with it", where="--list")
        _print_letters(call, factory)
        return
    if not by:
        raise UsageError("say who sends again", where="--by")
    count = _upkeep(call).replay(keys, by)
    _print_tally(call, factory.alerts.send(), {"replayed": count})


def _print_letters(call: Call, factory: "Factory") -> None:
    letters = factory.alert_pages.dead_letters()
    if call.json:
        output.emit_json({"dead_letters": letters})
        return
    output.print_table(
        ["key", "channel", "address", "status", "written", "why"],
        [
            [each[name] for name in ("key", "channel", "address", "status", "written_at", "reason")]
            for each in letters
        ],
    )


@click.command("undo")
@click.argument("response", metavar="NAME")
@_by_option
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@pass_call
def undo(call: Call, *, response: str, by: str, reason: str) -> None:
    """Take back what was done about an alert without anybody."""
    _upkeep(call).take_back(response, by, reason)
    if call.json:
        output.emit_json({"response": response, "undone_by": by})
    else:
        output.say(f"taken back: {response}")


@click.command("deliver")
@click.option(
    "--wait",
    type=Amount(min=0, max=86_400),
    default=0,
    metavar="SECONDS",
    help="How long to stay for what has to be tried again.",
)
@pass_call
def deliver(call: Call, *, wait: float) -> None:
    """Do all that is due: escalate, repeat, look whether an export is late, send what waits.

    Once a day (UTC) the head of the audit trail is sent as well. Exit 3 if a message was given up,
    or is not known to have arrived.
    """
    from fintech_factory.app.anchors import Outcome

    done = call.factory().alerts.round(timedelta(seconds=wait))
    anchoring = done.anchoring
    if anchoring.outcome is Outcome.FAILED:
        output.say_error(f"the audit trail was not anchored: {anchoring.reason}")
    is_anchored = anchoring.outcome is Outcome.ANCHORED
    _print_tally(call, done.tally, {"changed": done.changed, "anchored": int(is_anchored)})


def _print_tally(call: Call, tally: "Tally", more: dict[str, int]) -> None:
    document = {
        **more,
        "delivered": tally.delivered,
        "dead": tally.dead,
        "unknown": tally.unknown,
        "next_due": tally.next_due.isoformat(timespec="seconds") if tally.next_due else None,
    }
    if call.json:
        output.emit_json(document)
    else:
        said = ", ".join(
            f"{value} {name}" for name, value in document.items() if name != "next_due"
        )
        waits = f"; the next is due at {tally.next_due:%H:%M:%S} UTC" if tally.next_due else ""
        output.say(f"{said}{waits}")
    if tally.failed:
        exit_with_findings()


def _upkeep(call: Call) -> Any:  # noqa: ANN401 - its type is imported late
    from fintech_factory.app.alert_upkeep import AlertUpkeep

    return AlertUpkeep(call.factory())


VERBS = (silence, window, stand_in, replay, undo, deliver)
"""What `factory alerts` can do of this."""
