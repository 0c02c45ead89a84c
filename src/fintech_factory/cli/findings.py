"""`factory findings`: what was found, and what a person answers."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, day_option, exit_with_findings, pass_call
from fintech_factory.cli.stale import say_stale, with_stale
from fintech_factory.errors import UsageError
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from fintech_factory.app.validation import Validation
    from fintech_factory.validation.accuracy import Accuracy
    from fintech_factory.validation.findings import Tracked

__all__ = ["command"]

_GRAVEST = ("critical", "warning", "info")
_STATES = ("open", "accepted", "fixed")
_by_option = click.option("--by", required=True, metavar="NAME", help="Who says so.")
_reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why.")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Some rows of a finding's evidence, and how many there are besides."""

    rows: "Sequence[Mapping[str, Any]]"
    not_shown: int

    @classmethod
    def of(cls, tracked: "Tracked", known: "Sequence[Mapping[str, Any]]", most: int) -> "_Evidence":
        """Take the first rows of those known; what a finding counts and did not keep counts too."""
        said = tracked.found.finding
        # Its rows are loans, its evidence the bins in which they lie.
        counted = 0 if said.code == "distribution_drift" else said.rows
        shown = known[:most]
        return cls(shown, max(counted, len(known)) - len(shown))

    @property
    def table(self) -> tuple[list[str], list[list[object]]]:
        """Give the rows under all columns that any of them has."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        return columns, [[row.get(name, "") for name in columns] for row in self.rows]


class _Rows(click.ParamType[int]):
    """A number of rows, or all of them."""

    name = "rows"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the number; anything else is a usage error."""
        text = str(value)
        if text != "all" and not (text.isdecimal() and int(text)):
            self.fail(f"{text} is no number of rows; write 50, or all", param, ctx)
        return sys.maxsize if text == "all" else int(text)


@click.group("findings", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List what is open; see, accept and reopen findings; reset baselines; score the accuracy.

    Exit 3 if a warning or a critical finding is open. Whether an export is late is looked at now.
    """
    if context.invoked_subcommand is None:
        context.obj = context.find_object(Call)
        _list(context.obj, states=("open",))


@command.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only those that stand there.")
@click.option("--severity", type=click.Choice(_GRAVEST), help="Only those of this weight.")
@click.option("--owner", metavar="NAME", help="Only those that this department answers for.")
@pass_call
def list_findings(
    call: Call, *, state: str | None, severity: str | None, owner: str | None
) -> None:
    """List findings, the gravest first; the fixed ones too."""
    _list(call, states=(state,) if state else _STATES, severity=severity, owner=owner)


@command.command("show")
@click.argument("finding_id", metavar="ID")
@click.option(
    "--rows",
    type=_Rows(),
    default="10",
    show_default=True,
    metavar="N|all",
    help="How many rows of evidence; the count of those not shown is always said.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the evidence as CSV, nothing else.")
@pass_call
def show(call: Call, *, finding_id: str, rows: int, as_csv: bool) -> None:
    """Show one finding with its evidence and its history."""
    from fintech_factory.app.audit import Rows

    if as_csv and call.json:
        raise UsageError("--json and --csv are two forms of one output; give one", where="--csv")
    validation = _validation(call)
    tracked = validation.finding(finding_id)
    evidence = _Evidence.of(tracked, validation.evidence(tracked), rows)
    columns, shown = evidence.table
    told = Rows(f"findings show {finding_id}", list(columns), len(shown))
    validation.factory.audit.shown(told)
    if as_csv:
        output.print_csv(columns, shown)
        if evidence.not_shown:
            output.note(f"{evidence.not_shown} more are not shown", quiet=call.quiet)
        return
    _print_one(call, validation, tracked, evidence)


@command.command("accept")
@click.argument("finding_id", metavar="ID")
@_reason_option
@day_option("--until", "The last day on which it is accepted.")
@_by_option
@pass_call
def accept(call: Call, *, finding_id: str, reason: str, until: date, by: str) -> None:
    """Live with a finding until a day; then, or when it gets worse, it is open again."""
    from fintech_factory.app.validation import Answer

    validation = _validation(call)
    _print_one(call, validation, validation.accept(finding_id, Answer(by, reason), until))


@command.command("reopen")
@click.argument("finding_id", metavar="ID")
@_reason_option
@_by_option
@pass_call
def reopen(call: Call, *, finding_id: str, reason: str, by: str) -> None:
    """Open an accepted or a fixed finding again."""
    from fintech_factory.app.validation import Answer

    validation = _validation(call)
    _print_one(call, validation, validation.reopen(finding_id, Answer(by, reason)))


@command.group("baseline")
def baseline() -> None:
    """Show what figures are held against, or let their past count no longer."""


@baseline.command("show")
@click.argument("name", required=False)
@pass_call
def show_baselines(call: Call, *, name: str | None) -> None:
    """Show baselines by name, or by what their names begin with, and every reset."""
    held, resets = _validation(call).baselines()
    wanted = [each for each in held.values() if _is_below(each.name, name)]
    said = [
        each for each in resets if name is None or each.covers(name) or _is_below(each.name, name)
    ]
    if name is not None and held and not wanted and not said:
        raise UsageError(f"there is no baseline '{name}'", hint=suggestion(name, sorted(held)))
    if call.json:
        output.emit_json({"baselines": [each.as_json() for each in wanted], "resets": said})
        return
    rows = [each.as_json() for each in sorted(wanted, key=lambda each: each.name)]
    columns = ["name", "as_of", "n", "mean", "sd", "median", "mad", "reason"]
    shown = [[row[column] for column in columns[:-1]] + [row["reason"] or ""] for row in rows]
    output.print_table(columns, shown)
    for reset in said:
        output.say(f"{reset.name} counts since {reset.since}: {reset.reason} ({reset.by})")


@baseline.command("reset")
@click.argument("name")
@_reason_option
@_by_option
@pass_call
def reset_baseline(call: Call, *, name: str, reason: str, by: str) -> None:
    """Let a figure's past count no longer: what is of the last day of data or later does."""
    from fintech_factory.app.validation import Answer

    reset = _validation(call).reset(name, Answer(by, reason))
    if call.json:
        output.emit_json({"name": reset.name, "since": reset.since, "by": by, "reason": reason})
    else:
        output.say(f"{reset.name} counts since {reset.since}")


@command.command("accuracy")
@pass_call
def accuracy(call: Call) -> None:
    """Recompute every published reading by the second engine, and keep the score.

    Beside it, our figures against the source's own, loan by loan. Exit 3 if anything that was
    compared does not agree.
    """
    result = _validation(call).accuracy()
    if call.json:
        output.emit_json(result.as_json())
    else:
        _print_accuracy(result)
    if not result.is_perfect:
        exit_with_findings()


def _print_accuracy(result: "Accuracy") -> None:
    document = result.as_json()
    parts = {f"engines, {len(result.as_ofs)} dates": document}
    if document["source"] is not None:
        parts["source"] = document["source"]
    columns = ("agreeing", "disagreeing", "not_checked", "score_pct")
    output.print_table(
        ["part", *(name.replace("_", " ") for name in columns), "covers"],
        [[name, *(part[each] for each in columns), part["covers"]] for name, part in parts.items()],
    )
    for name, part in parts.items():
        output.say(f"not checked, {name}: {part['not_checked_are']}")
    for each in result.disagreed:
        output.say(f"  {each['kpi']} at {each['as_of']}: {each['reason']}")
    for each in result.source.disagreed if result.source else ():
        output.say(
            f"  {each['check']} of {each['loan_id']} at {each['as_of']}:"
            f" ours {each['ours']}, theirs {each['theirs']}: {each['cause']}"
        )
    if result.source and result.source.disagreed:
        output.say("all of them: `factory reconcile --json`")


def _validation(call: Call) -> "Validation":

    return call.factory().validation


def _check_owner(owner: str, known: set[str]) -> None:
    """Refuse a name that nobody has: nothing found of a misspelling is no good news."""
    if owner not in known:
        raise UsageError(f"'{owner}' answers for nothing", hint=suggestion(owner, sorted(known)))


def _list(
    call: Call, *, states: Sequence[str], severity: str | None = None, owner: str | None = None
) -> None:
    validation = _validation(call)
    today, stale = validation.today, validation.stale()
    every = validation.findings()
    if owner is not None:
        _check_owner(owner, {each.found.owner for each in every.values()} | validation.owners())
    found = [
        each
        for each in every.values()
        if each.state_on(today).value in states
        and severity in {None, each.severity.value}
        and owner in {None, each.found.owner}
    ]
    found.sort(key=lambda each: (_GRAVEST.index(each.severity.value), each.found.finding.code))
    is_open = [each for each in found if each.state_on(today) == "open"]
    if call.json:
        documents = [each.as_json(today) for each in found]
        counts = {"findings": documents, "open": len(is_open), "today": today}
        output.emit_json(with_stale(counts, stale))
    else:
        say_stale(stale)
        _print(found, today)
    if any(each.severity.value != "info" for each in is_open):
        exit_with_findings()


def _print(found: "Sequence[Tracked]", today: date) -> None:
    if not found:
        output.say("nothing")
        return
    output.print_table(
        ["id", "state", "severity", "owner", "code", "where", "last seen", "what"],
        [
            [
                each.id,
                each.state_on(today),
                each.severity,
                each.found.owner,
                each.found.finding.code,
                each.found.finding.where,
                each.last_seen.date(),
                each.found.finding.message,
            ]
            for each in found
        ],
    )


def _print_one(
    call: Call,
    validation: "Validation",
    tracked: "Tracked",
    evidence: "_Evidence | None" = None,
) -> None:
    own = tracked.found.finding.evidence
    evidence = evidence or _Evidence.of(tracked, own, len(own))
    document = tracked.as_json(validation.today) | {
        "evidence": list(evidence.rows),
        "evidence_not_shown": evidence.not_shown,
    }
    if call.json:
        history = [each.as_json() for each in tracked.history]
        output.emit_json({**document, "history": history})
        return
    said = tracked.found.finding
    output.say(f"{tracked.id}  {document['state']}  {said.severity.value}  {said.code}")
    output.say(f"  {said.message}")
    output.say(f"  hint: {said.hint}")
    for name in ("where", "owner", "as_of", "first_seen", "last_seen", "seen", "rows"):
        output.say(f"  {name.replace('_', ' '):<10}  {output.cell(document[name])}")
    for each in tracked.history:
        if each.kind != "seen":
            until = f" until {each.until}" if each.until else ""
            why = f": {each.reason} ({each.by})" if each.by else ""
            output.say(f"  {each.at:%Y-%m-%d %H:%M} {each.kind.value}{until}{why}")
    if evidence.rows:
        more = f"; {evidence.not_shown} more are not shown" if evidence.not_shown else ""
        columns, rows = evidence.table
        output.print_table(columns, rows, title=f"evidence ({len(rows)} rows{more})")


def _is_below(name: str, wanted: str | None) -> bool:
    return wanted is None or name == wanted or name.startswith(f"{wanted}.")
