"""`factory audit`: verify the trail, read it, take its head to a safe place."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import (
    Call,
    by_option,
    exit_with_findings,
    optional_day_option,
    pass_call,
)
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.audit import Audit
    from fintech_factory.state.audit_read import Document, Filter
    from fintech_factory.state.audit_verdict import Verdict

__all__ = ["command"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LONGEST = 60


@click.group("audit")
def command() -> None:
    """Verify, list, export and anchor the audit trail."""


@command.command("verify")
@click.option(
    "--anchor",
    "anchor",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A head that was written down before: it must still be in the chain.",
)
@pass_call
def verify(call: Call, *, anchor: Path | None) -> None:
    """Recompute every hash from its columns, check every signature, and name what does not hold.

    Exit 3 if anything does not.
    """
    audit = _audit(call)
    pinned = audit.read_anchor(anchor) if anchor is not None else None
    verdict = audit.verify(pinned)
    if call.json:
        output.emit_json(verdict.as_json() | {"anchor": pinned.as_json() if pinned else None})
    else:
        _print_verdict(verdict, anchor)
    if not verdict.is_intact:
        exit_with_findings()


def _print_verdict(verdict: "Verdict", anchor: Path | None) -> None:
    for each in verdict.faults:
        output.say(f"{each.where}: {each.what}")
    if verdict.more:
        output.say(f"and {verdict.more} more")
    for each in verdict.acknowledged:
        output.say(f"answered for: {each.what}")
    if verdict.is_intact:
        held = f", and hold what {anchor} says" if anchor else ""
        output.say(
            f"intact: {verdict.entries} entries, {verdict.checkpoints} signatures{held};"
            f" head {verdict.head.sequence} {verdict.head.hash}"
        )
        return
    first = verdict.as_json()["first_bad_entry"]
    named = f"the first bad entry is {first}" if first is not None else "no entry is bad"
    output.say(f"BROKEN: {named}; {verdict.entries} entries, {verdict.checkpoints} signatures")


def _filter_options(command: _Command) -> _Command:
    for option in reversed(
        (
            optional_day_option("--from", "The first day, UTC."),
            optional_day_option("--to", "The last day, UTC."),
            click.option("--actor", metavar="NAME", help="Only what this person did."),
            click.option("--action", metavar="ACTION", help="Only this; `ingest.*` is all such."),
            click.option("--subject", metavar="TEXT", help="Only of this; `cascade-*` likewise."),
        )
    ):
        command = option(command)
    return command


@command.command("list")
@_filter_options
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many, the newest first.",
)
@pass_call
def list_entries(call: Call, /, *, limit: int, **wanted: Any) -> None:  # noqa: ANN401 - click's options
    """List entries, the newest first; personal data are masked."""
    from fintech_factory.state.audit_read import masked_document

    with _audit(call).reading(_filter(**wanted), newest_first=limit) as found:
        documents = [masked_document(each) for each in found]
    if call.json:
        output.emit_json({"entries": documents})
        return
    output.print_table(
        ["sequence", "time", "actor", "action", "subject", "after", "reason"],
        [
            [
                each["sequence"],
                each["time"][:19],
                each["actor"],
                each["action"],
                each["subject"],
                _short(each["after"]),
                _short(each["reason"]),
            ]
            for each in documents
        ],
    )


@command.command("export")
@_filter_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="CSV, or one JSON object a line.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there; else on stdout.",
)
@click.option("--unmasked", is_flag=True, help="Show personal data; needs --reason, and is told.")
@click.option("--reason", default="", metavar="TEXT", help="Why personal data are needed.")
@by_option
@pass_call
def export(  # noqa: PLR0913 - one per option
    call: Call,
    /,
    *,
    form: str,
    out: Path | None,
    unmasked: bool,
    reason: str,
    by: str,
    **wanted: Any,  # noqa: ANN401 - the options of a filter
) -> None:
    """Write entries out, oldest first; personal data are masked.

    With --unmasked they are not, and the trail itself tells who took them, and why.
    """
    if unmasked and not reason.strip():
        raise UsageError("personal data are shown for a reason", hint="--reason TEXT")
    if reason and not unmasked:
        raise UsageError("--reason goes with --unmasked", where="--reason")
    if call.json and out is None:
        raise UsageError(
            "--json prints a document of what was written", hint="name the file with --out FILE"
        )
    audit, chosen = _audit(call, by), _filter(**wanted)
    if unmasked:
        # Told before anything is shown: what cannot be told is not shown.
        audit.unmasked(chosen, form, reason)
    count = 0
    with audit.reading(chosen) as found:
        lines = _lines(found, form, unmasked=unmasked)
        if out is None:
            for line in lines:
                sys.stdout.write(line)
            return
        with _written_to(out) as file:
            for line in lines:
                count += 1
                file.write(line)
    count -= form == "csv"
    if call.json:
        output.emit_json({"out": out, "format": form, "entries": count, "unmasked": unmasked})
    else:
        output.say(f"written: {out} ({count} entries)")


@contextmanager
def _written_to(out: Path) -> Iterator[TextIO]:
    """Open a file to be written; UsageError if it cannot be."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        said = f"it cannot be written: {error.strerror}"
        raise UsageError(said, where=str(out), hint="name another file") from error


def _lines(found: "Iterator[Document]", form: str, *, unmasked: bool) -> Iterator[str]:
    from fintech_factory.state.audit_read import to_csv, to_json_lines

    if form == "csv":
        yield to_csv(None, unmasked=unmasked)
    write = to_csv if form == "csv" else to_json_lines
    for each in found:
        yield write(each, unmasked=unmasked)


@command.command("anchor")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there; else on stdout.",
)
@pass_call
def anchor(call: Call, *, out: Path | None) -> None:
    """Write the signed head down, to be kept where nobody who has this workspace can change it."""
    pinned = _audit(call).anchor()
    text = json.dumps(pinned.as_json(), indent=2)
    if out is not None:
        with _written_to(out) as file:
            file.write(f"{text}\n")
    if call.json or out is None:
        output.emit_json(pinned.as_json())
    else:
        output.say(f"written: {out} (entry {pinned.sequence}, {pinned.head})")


@command.command("anchors")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=7,
    show_default=True,
    help="How many, the newest first.",
)
@pass_call
def anchors(call: Call, *, limit: int) -> None:
    """Show when the head was last sent to a safe place, once a day, and where it was received."""
    from fintech_factory.app.anchors import Anchors, as_json

    factory = call.factory()
    found = [as_json(*each) for each in Anchors(factory).sent(limit)]
    receivers = factory.alerts.alerting.anchored_at
    if call.json:
        output.emit_json({"receivers": receivers, "anchors": found})
        return
    output.print_table(
        ["day", "entry", "head", "signed at", "channel", "address", "status", "received at", "why"],
        [
            [
                *(anchor[name] for name in ("day", "sequence", "head")),
                anchor["at"][:19],
                *(place[name] or "-" for name in ("channel", "address", "status")),
                (place["received_at"] or "-")[:19],
                place["reason"] or "-",
            ]
            for anchor in found
            for place in anchor["places"]
        ],
    )
    if not receivers:
        output.say("nobody receives it: name receivers in config/alerts.yaml, audit.anchor")
    elif not found:
        output.say("nothing was anchored yet: `factory alerts deliver` does it once a day")


@command.command("acknowledge")
@click.argument("sequence", type=click.IntRange(1))
@click.option("--reason", required=True, metavar="TEXT", help="What happened.")
@by_option
@pass_call
def acknowledge(call: Call, *, sequence: int, reason: str, by: str) -> None:
    """Answer for a disturbance that entry SEQUENCE tells of: a restored backup, say.

    `verify` names it from then on beside who answered, and does not fail by it.
    """
    _audit(call, by).acknowledge(sequence, reason)
    if call.json:
        output.emit_json({"sequence": sequence, "reason": reason})
    else:
        output.say(f"answered for: entry {sequence}")


@command.command("rotate-key")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the new key goes; else it takes the old one's place in state/audit/.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@by_option
@pass_call
def rotate_key(call: Call, *, out: Path | None, reason: str, by: str) -> None:
    """Sign by a new key from now on; the old one signs that it is so."""
    place = _audit(call, by).rotate_key(out, reason)
    if call.json:
        output.emit_json({"key": place})
    else:
        output.say(f"the new key is {place}; keep a copy of it")
        if out is not None:
            output.say("name it now in config/factory.yaml: audit: {key: {file: PATH}}")


def _audit(call: Call, by: str = "") -> "Audit":

    return call.factory(by).audit


def _filter(
    *,
    actor: str | None,
    action: str | None,
    subject: str | None,
    to: date | None,
    **rest: date | None,
) -> "Filter":
    from fintech_factory.state.audit_read import Filter

    first = rest["from"]
    if first is not None and to is not None and to < first:
        raise UsageError(f"{to} lies before {first}", where="--to")
    return Filter(from_=first, to=to, actor=actor, action=action, subject=subject)


def _short(value: object) -> str:
    if value in (None, ""):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
