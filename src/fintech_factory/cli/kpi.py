"""`factory kpi`: read KPIs and open them to what they are made of."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import kpi_why, output
from fintech_factory.cli.kpi_definitions import VERBS, print_month_changes
from fintech_factory.cli.options import Call, as_of_option, exit_with_findings, pass_call
from fintech_factory.cli.stale import say_stale, with_stale

if TYPE_CHECKING:
    from fintech_factory.kpi_engine import Definitions, Kpi, Reading
    from fintech_factory.pipeline.opened import Opened

__all__ = ["DEFINITION_CHANGED", "command", "print_readings"]

DEFINITION_CHANGED = "definition changed, not run yet"
"""What is said of a published reading that another definition made than the file now holds."""

_AS_OF = (
    "The date the figure speaks of; else the last day of data. Computed if no run published it."
)

_LONGEST_FORMULA = 72


@click.group("kpi")
def command() -> None:
    """List, show, trace and explain KPIs."""


for _verb in (*VERBS, *kpi_why.VERBS):
    command.add_command(_verb)


_department_option = click.option(
    "--department", metavar="NAME", help="Only the KPIs of one department, such as risk."
)


@command.command("list")
@_department_option
@pass_call
def list_kpis(call: Call, department: str | None) -> None:
    """List every KPI that the workspace defines, by department."""
    kpis = call.factory().kpis.of_department(department)
    if call.json:
        output.emit_json({"kpis": [_listed(kpi) for kpi in kpis]})
        return
    for place, name in enumerate(dict.fromkeys(kpi.department for kpi in kpis)):
        if place:
            output.say()
        output.print_table(
            ["kpi", "title", "unit", "limits", "formula"],
            [
                [kpi.id, kpi.title.en, kpi.unit, _limits(kpi), _formula(kpi)]
                for kpi in kpis
                if kpi.department == name
            ],
            title=name.capitalize(),
        )


@command.command("show")
@click.argument("kpi", required=False)
@_department_option
@as_of_option(_AS_OF)
@pass_call
def show(call: Call, *, kpi: str | None, department: str | None, as_of: date | None) -> None:
    """Show one KPI, those of one department, or all of them, at one date."""
    factory = call.factory()
    wanted = [kpi] if kpi else [each.id for each in factory.kpis.of_department(department)]
    readings = factory.kpis.readings(as_of, wanted)
    stale = factory.validation.stale(as_of)
    outdated = factory.kpi_versions.outdated(readings)
    if call.json:
        documents = [_document(reading, outdated) for reading in readings]
        document = documents[0] if kpi else {"readings": documents}
        output.emit_json(with_stale(document, stale))
    else:
        say_stale(stale)
        print_readings(factory.definitions, readings, outdated)
    if any(reading.status == "withheld" for reading in readings):
        exit_with_findings()


@command.command("history")
@click.argument("kpi")
@click.option(
    "--month-ends", is_flag=True, help="Month-ends only, each full month against the one before."
)
@pass_call
def history(call: Call, *, kpi: str, month_ends: bool) -> None:
    """Show a KPI's published readings, oldest first.

    With --month-ends what no run published is computed, and a month in progress is labelled and
    compared with nothing.
    """
    from fintech_factory.kpi_engine import history_json

    factory = call.factory()
    definition = factory.definitions.get(kpi)
    if month_ends:
        months = factory.kpi_series.month_changes(kpi)
        if call.json:
            output.emit_json({"kpi": kpi, "unit": definition.unit, "months": months})
        else:
            print_month_changes(definition, months)
        return
    readings = factory.kpis.history(kpi)
    stale = factory.validation.stale()
    if call.json:
        output.emit_json(with_stale(history_json(definition, readings), stale))
        return
    say_stale(stale)
    output.print_table(
        ["as of", "value", "state", "data through", "run"],
        [
            [
                reading.as_of,
                _shown(definition, reading),
                _state_then(definition, reading),
                reading.data_through,
                reading.run_id,
            ]
            for reading in readings
        ],
        title=f"{definition.title.en} ({definition.unit.value})",
    )


@command.command("explain")
@click.argument("kpi")
@as_of_option(_AS_OF)
@pass_call
def explain(call: Call, *, kpi: str, as_of: date | None) -> None:
    """Open a reading: definition, SQL, part and whole, batch, second engine, largest rows."""
    from fintech_factory.app.audit import Rows

    factory = call.factory()
    opened = factory.kpis.explain(kpi, as_of)
    factory.audit.shown(
        *(
            Rows(f"kpi explain {kpi}: rows of {name}", list(rows[0]), len(rows))
            for name, rows in opened.rows.items()
            if rows
        )
    )
    outdated = factory.kpi_versions.outdated([opened.explanation.reading])
    if call.json:
        changed = {"definition": DEFINITION_CHANGED} if outdated else {}
        output.emit_json({**opened.as_json(), **changed})
    else:
        _print_opened(opened, outdated)
    if opened.agrees is False:
        exit_with_findings()


def _document(reading: "Reading", outdated: Mapping[str, bool]) -> dict[str, object]:
    """Give a reading's document; one that another definition made says so, the others do not."""
    changed = {"definition": DEFINITION_CHANGED} if reading.kpi in outdated else {}
    return {**reading.as_json(), **changed}


def print_readings(
    definitions: "Definitions",
    readings: "Sequence[Reading]",
    outdated: Mapping[str, bool] = MappingProxyType({}),
) -> None:
    """Print readings as a table for people, with their limits and where they stand.

    Of many, those without a figure stand below the table, by their reason. `outdated` are the
    KPIs whose readings were made by another definition than the file's.
    """
    below = [reading for reading in readings if reading.status == "unavailable"]
    if len(readings) == 1 or len(below) == len(readings):
        below = []
    shown = [reading for reading in readings if reading not in below]
    _print_table(definitions, shown, outdated)
    for reason in dict.fromkeys(reading.reason for reading in below):
        names = [reading.kpi for reading in below if reading.reason == reason]
        output.say(f"\nunavailable: {reason}")
        output.say(textwrap.fill(", ".join(names), 98, initial_indent="  ", subsequent_indent="  "))


def _print_table(
    definitions: "Definitions", readings: "Sequence[Reading]", outdated: Mapping[str, bool]
) -> None:
    output.print_table(
        ["kpi", "as of", "value", "unit", "limits", "state", "check"],
        [
            [
                reading.kpi,
                reading.as_of,
                _shown(definitions.get(reading.kpi), reading),
                reading.unit,
                _limits(definitions.get(reading.kpi)),
                _state_by(definitions.get(reading.kpi), reading, outdated),
                _check(definitions.get(reading.kpi), reading),
            ]
            for reading in readings
        ],
    )


def _print_opened(opened: "Opened", outdated: Mapping[str, bool]) -> None:
    explanation = opened.explanation
    reading, kpi = explanation.reading, explanation.kpi
    output.say(f"{kpi.title.en}  [{kpi.id}, definition {kpi.version} of {kpi.effective_from}]")
    output.say(f"  as of          {reading.as_of} (data through {reading.data_through})")
    output.say(f"  value          {output.cell(reading.value)} {reading.unit.value}")
    output.say(f"  state          {_state_by(kpi, reading, outdated)}")
    output.say(f"  formula        {kpi.measure}")
    output.say(f"  part / whole   {output.cell(reading.part)} / {output.cell(reading.whole)}")
    output.say(f"  second engine  {_second(opened)}")
    output.say(f"  source         {kpi.source}")
    if explanation.see:
        output.say(f"  opens by       {explanation.see}")
    output.say(f"  run, batch     {reading.run_id or 'computed now'}, {opened.batch.batch_id}")
    for file in opened.batch.files:
        output.say(f"    {file.table:<18} {file.rows:>9} rows  {file.sha256[:16]}")
    for name, rows in opened.rows.items():
        if rows:
            output.say()
            output.print_table(
                list(rows[0]), [list(row.values()) for row in rows], title=f"largest rows of {name}"
            )
    for each in (explanation, *explanation.inputs):
        if each.query is not None:
            output.say(f"\n-- SQL of {each.kpi.id}\n{each.query.sql}")


def _listed(kpi: "Kpi") -> dict[str, object]:
    return {
        "kpi": kpi.id,
        "title": {"en": kpi.title.en, "es": kpi.title.es},
        "department": kpi.department,
        "unit": kpi.unit,
        "direction": kpi.limits.direction,
        "limits": {state.value: limit for state, limit in kpi.limits.steps},
        "formula": str(kpi.measure),
        "definition_version": kpi.version,
        "effective_from": kpi.effective_from,
        "owner": kpi.owner,
        "author": kpi.author,
    }


def _limits(kpi: "Kpi") -> str:
    return ", ".join(f"{state.value} {limit.normalize():f}" for state, limit in kpi.limits.steps)


def _formula(kpi: "Kpi") -> str:
    """Give the formula where it fits a line of a table; `kpi explain` gives the whole."""
    text = str(kpi.measure)
    return text if len(text) <= _LONGEST_FORMULA else f"{text[:_LONGEST_FORMULA]}…"


def _check(kpi: "Kpi", reading: "Reading") -> str:
    """Word the second engine's verdict; what it cannot compute never reads as verified."""
    from fintech_factory.kpi_engine import is_measured

    return reading.check.value if is_measured(kpi) else "not checked"


def _second(opened: "Opened") -> str:
    if opened.second is None:
        return "cannot check it: the figure does not come from the book's rows"
    verdict = "agrees" if opened.agrees else "DISAGREES"
    return f"{output.cell(opened.second.raw_value)} ({verdict})"


def _shown(kpi: "Kpi", reading: "Reading") -> Decimal | None:
    from fintech_factory.kpi_engine import shown

    return None if reading.value is None else shown(reading.value, kpi.precision)


def _state_then(kpi: "Kpi", reading: "Reading") -> str:
    """Word a state of the past, naming the version that gave it where it is not the file's."""
    state = _state(kpi, reading)
    is_same = reading.definition_version == kpi.version
    return state if is_same else f"{state}, by definition {reading.definition_version}"


def _state_by(kpi: "Kpi", reading: "Reading", outdated: Mapping[str, bool]) -> str:
    """Word a reading's state, and whether the definition that gave it has changed since."""
    if reading.kpi not in outdated:
        return _state(kpi, reading)
    stored = _state(kpi, reading)
    if reading.limit_state == "none":
        # The file's limits are not those that the reading was held against.
        stored = "within limits then" if outdated[reading.kpi] else "no limit then"
    return f"{stored}; {DEFINITION_CHANGED}"


def _state(kpi: "Kpi", reading: "Reading") -> str:
    """Word a reading's state; what is not known, or has no limit, never reads as healthy."""
    if reading.status != "ok":
        return f"{reading.status.value}: {reading.reason}"
    state = reading.limit_state.value if reading.limit_state else "none"
    if state == "none":
        state = "within limits" if kpi.limits.steps else "no limit"
    return f"{state}, month in progress" if reading.partial else state
