"""`factory kpi rehearse`, `compare` and `diff`: try limits and definitions on the past."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, exit_with_findings, pass_call
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.kpi_engine import Definitions, Kpi, Reading
    from fintech_factory.kpi_engine.definition_diff import DefinitionDiff, MonthDiff
    from fintech_factory.kpi_engine.month_changes import MonthChange
    from fintech_factory.kpi_engine.rehearse import LevelRehearsal, Rehearsal
    from fintech_factory.kpi_engine.side_by_side import Judged, SideBySide
    from fintech_factory.pipeline.kpi_past import Part
    from fintech_factory.values import LimitState

__all__ = ["VERBS", "print_month_changes"]

_MANY = 12


@click.command("rehearse")
@click.option("--kpi", "kpis", multiple=True, metavar="KPI", help="Which KPI; may come again.")
@click.option(
    "--limits",
    metavar="LEVEL=VALUE,…",
    help="Limits to try: warning=3,critical=5,executive=8, and clear.warning=2.5 and so on.",
)
@click.option("--confirm-small", is_flag=True, help="A percent limit below 1 is meant so.")
@click.option("--entity", metavar="ENTITY", help="Only this entity's part of the book.")
@click.option("--member", metavar="DIMENSION=MEMBER", help="Only this part of the book.")
@pass_call
def rehearse(  # noqa: PLR0913 - one per option
    call: Call,
    *,
    kpis: tuple[str, ...],
    limits: str | None,
    confirm_small: bool,
    entity: str | None,
    member: str | None,
) -> None:
    """Replay limits over all history: when they would have fired, how often, or never.

    Without --limits those of the definitions; without --kpi every KPI that has some.
    """
    from fintech_factory.app.series import GivenLimits

    factory = call.factory()
    given = None if limits is None else GivenLimits(limits, confirm_small)
    rehearsals = factory.kpi_series.rehearse(kpis, given, _part(entity, member))
    if call.json:
        output.emit_json({"rehearsals": [_rehearsal_json(each) for each in rehearsals]})
        return
    for place, each in enumerate(rehearsals):
        if place:
            output.say()
        _print_rehearsal(factory.definitions.get(each.kpi), each)


def _part(entity: str | None, member: str | None) -> "Part":
    from fintech_factory.pipeline.kpi_past import BOOK, Part

    if entity is not None and member is not None:
        raise click.UsageError("--entity and --member exclude each other")
    if entity is not None:
        return Part("entity", entity)
    if member is None:
        return BOOK
    dimension, equals, name = member.partition("=")
    if not equals or not dimension or not name:
        raise UsageError(
            f"`{member}` is no part of the book",
            where="--member",
            hint="write it like product=factoring",
        )
    return Part(dimension, name)


def _rehearsal_json(rehearsal: "Rehearsal") -> dict[str, object]:
    readings = rehearsal.readings
    group = readings[0] if readings and readings[0].dimension else None
    return {
        "kpi": rehearsal.kpi,
        **({"dimension": group.dimension, "member": group.member} if group else {}),
        "dates": len(readings),
        "from": readings[0].as_of if readings else None,
        "to": readings[-1].as_of if readings else None,
        "computed_now": rehearsal.computed,
        "current": rehearsal.current,
        "unavailable": [
            {"as_of": each.as_of, "reason": each.reason} for each in rehearsal.unavailable
        ],
        "levels": [level.as_json() for level in rehearsal.levels],
        "warnings": rehearsal.warnings,
    }


def _print_rehearsal(kpi: "Kpi", rehearsal: "Rehearsal") -> None:
    readings = rehearsal.readings
    part = f" of {readings[0].dimension} {readings[0].member}" if readings[0].dimension else ""
    output.print_table(
        ["level", "limit", "fired", "longest", "first", "last", "nearest miss", "changes",
         "with clear"],
        [_level_row(kpi, level) for level in rehearsal.levels],
        title=f"{kpi.title.en}{part} ({kpi.unit.value}), {len(readings)} dates from "
        f"{readings[0].as_of} to {readings[-1].as_of}, now {_state_words(rehearsal.current)}",
    )  # fmt: skip
    for level in rehearsal.levels:
        if 0 < len(level.fired) < level.known:
            output.say(f"{level.level.value} past {_plain(level.limit)}: {_fired(kpi, level)}")
    for warning in rehearsal.warnings:
        output.say(f"warning: {warning}")
    if rehearsal.unavailable:
        output.say(f"not known, and counted neither way: {_named(rehearsal.unavailable)}")
    if rehearsal.computed:
        output.say(
            f"{rehearsal.computed} of {len(readings)} readings were computed now, by the SQL engine"
            " alone: no run published them"
        )


def _level_row(kpi: "Kpi", level: "LevelRehearsal") -> list[object]:
    miss = level.nearest_miss
    held = f"{level.held} on, {level.changes_held} changes" if level.clear is not None else "-"
    return [
        level.level.value,
        _plain(level.limit),
        f"{len(level.fired)} of {level.known}",
        level.longest,
        level.fired[0].as_of if level.fired else "never",
        level.fired[-1].as_of if level.fired else "never",
        f"{_rounded(kpi, miss.value)} on {miss.as_of}" if miss else "none",
        level.changes,
        held,
    ]


def _fired(kpi: "Kpi", level: "LevelRehearsal") -> str:
    return ", ".join(
        f"{each.as_of} ({_rounded(kpi, each.value)}{', month in progress' if each.partial else ''})"
        for each in level.fired
    )


def _named(readings: "Sequence[Reading]") -> str:
    named = [f"{each.as_of} ({each.status.value}: {each.reason})" for each in readings[:_MANY]]
    more = len(readings) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


@click.command("compare")
@click.argument("kpis", nargs=-1, required=True, metavar="KPI KPI…")
@as_of_option("The date to compare at; else the last day of data.")
@click.option("--month-ends", is_flag=True, help="Every full month-end and the last day of data.")
@click.option("--limits-of", metavar="KPI", help="Judge all of them by this KPI's limits.")
@pass_call
def compare(
    call: Call,
    *,
    kpis: tuple[str, ...],
    as_of: date | None,
    month_ends: bool,
    limits_of: str | None,
) -> None:
    """Set definitions side by side: each value, and the state that it would be in.

    A KPI without limits is judged by those of the first that has some.
    """
    if as_of is not None and month_ends:
        raise click.UsageError("--as-of and --month-ends exclude each other")
    factory = call.factory()
    compared = factory.kpi_series.compare(kpis, as_of, month_ends=month_ends, limits_of=limits_of)
    if call.json:
        output.emit_json(compared.as_json())
    else:
        _print_compared(factory.definitions, compared)


def _print_compared(definitions: "Definitions", compared: "SideBySide") -> None:
    for kpi, judge in compared.judges.items():
        whose = "no limits that fit" if judge is None else f"the limits of {judge}"
        output.say(f"{kpi}: {'its own limits' if judge == kpi else whose}")
    columns = ["as of"]
    for kpi in compared.judges:
        columns += [kpi, "state"]
    rows: list[list[object]] = []
    for row in compared.rows:
        cells: list[object] = [row.as_of]
        for kpi, judged in row.cells.items():
            cells += [_rounded(definitions.get(kpi), _ok_value(judged.reading)), _judged(judged)]
        rows.append([*cells, "DISAGREE" if row.disagree else ""])
    output.print_table([*columns, ""], rows)
    if compared.compared:
        output.say(f"the states disagree at {compared.disagreements} of {compared.compared} dates")
    else:
        output.say("no two of them have a state at any date: there is nothing to agree on")


def _judged(judged: "Judged") -> str:
    reading = judged.reading
    if reading.status != "ok":
        return f"{reading.status.value}: {reading.reason}"
    state = _state_words(judged.state) if judged.state else "no limit"
    return f"{state}, month in progress" if reading.partial else state


@click.command("diff")
@click.argument("kpis", nargs=-1, metavar="[KPI…]")
@click.option(
    "--months",
    default=24,
    show_default=True,
    type=click.IntRange(1, 1200),
    help="How many full months to look back.",
)
@pass_call
def diff(call: Call, *, kpis: tuple[str, ...], months: int) -> None:
    """Show what the file changes in the definitions that runs used last, and what that does.

    Exit 3 if a definition differs.
    """
    factory = call.factory()
    diffs = factory.kpi_versions.diff(kpis, months)
    if call.json:
        status = "changed" if diffs else "unchanged"
        output.emit_json({"status": status, "kpis": [each.as_json() for each in diffs]})
    elif not diffs:
        output.say("nothing changed: every definition is the one that runs used last")
    for place, each in enumerate([] if call.json else diffs):
        if place:
            output.say()
        _print_diff(factory.definitions.kpis.get(each.kpi), each)
    if diffs:
        exit_with_findings()


def _print_diff(kpi: "Kpi | None", diff: "DefinitionDiff") -> None:
    output.say(f"{diff.kpi}: {diff.kind}, {_versions(diff)}")
    for field in diff.fields:
        for sign, text in (("-", field.old), ("+", field.new)):
            if text is not None:
                output.say(f"  {sign} {field.field}: {text}")
    if diff.reason:
        output.say(f"  {diff.reason}")
    if not diff.months:
        return
    moved = [each for each in diff.months if each.state_differs or each.old != each.new]
    if moved:
        output.print_table(
            ["as of", "old", "new", "change", "old state", "new state"],
            [_month_row(kpi, each) for each in moved],
        )
    output.say(
        f"  of the last {len(diff.months)} full months the value differs in {diff.values_differ}, "
        f"the state in {diff.states_differ}{_largest(kpi, diff)}"
    )


def _versions(diff: "DefinitionDiff") -> str:
    if diff.old_version is None:
        return f"version {diff.new_version}"
    if diff.new_version is None:
        return f"version {diff.old_version} was the last"
    if diff.kind == "through inputs":
        return f"version {diff.new_version} on both sides, made of KPIs that changed"
    if diff.old_version == diff.new_version:
        return f"version {diff.old_version} on both sides: a run will refuse it"
    return f"version {diff.old_version} → {diff.new_version}"


def _month_row(kpi: "Kpi | None", month: "MonthDiff") -> list[object]:
    return [
        month.as_of,
        _rounded(kpi, month.old),
        _rounded(kpi, month.new),
        _rounded(kpi, month.change),
        _side(month.old, month.old_state),
        _side(month.new, month.new_state),
    ]


def _side(value: Decimal | None, state: "LimitState | None") -> str:
    if value is None:
        return "unavailable"
    return "no limit" if state is None else _state_words(state)


def _largest(kpi: "Kpi | None", diff: "DefinitionDiff") -> str:
    largest = diff.largest
    if largest is None:
        return ""
    return f"; the largest change is {_rounded(kpi, largest.change)} on {largest.as_of}"


def print_month_changes(kpi: "Kpi", months: "Sequence[MonthChange]") -> None:
    """Print a KPI's month-ends, each full month with its change from the month before."""
    output.print_table(
        ["as of", "value", "change", "change %", "note", "definition", "run"],
        [list(_change_row(kpi, each)) for each in months],
        title=f"{kpi.title.en} ({kpi.unit.value}), full months against the month before",
    )


def _change_row(kpi: "Kpi", month: "MonthChange") -> Iterator[object]:
    reading = month.reading
    yield reading.as_of
    yield _rounded(kpi, _ok_value(reading))
    yield _rounded(kpi, month.change)
    yield None if month.change_percent is None else _to(month.change_percent, 2)
    yield (
        f"{month.reason} (data through {reading.data_through})"
        if month.in_progress
        else (month.reason)
    )
    yield reading.definition_version
    yield reading.run_id or "computed now"


def _ok_value(reading: "Reading") -> Decimal | None:
    return reading.value if reading.status == "ok" else None


def _rounded(kpi: "Kpi | None", value: Decimal | None) -> Decimal | None:
    return None if value is None else _to(value, kpi.precision if kpi else 2)


def _to(value: Decimal, precision: int) -> Decimal:
    from fintech_factory.kpi_engine import shown

    return shown(value, precision)


def _plain(limit: Decimal) -> str:
    return f"{limit.normalize():f}"


def _state_words(state: "LimitState | None") -> str:
    if state is None:
        return "not known"
    return "within limits" if state.value == "none" else state.value


VERBS: tuple[click.Command, ...] = (rehearse, compare, diff)
