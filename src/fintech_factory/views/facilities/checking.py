"""Turns facility files into checked terms, or into every problem with its place."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.expression import ExpressionRefused, read_condition
from fintech_factory.kpi_engine.nodes import Node
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.registry import suggestion
from fintech_factory.values import Problem
from fintech_factory.views.facilities.path import rolled_parts
from fintech_factory.views.facilities.terms import MONITOR_LOAN, WRITTEN_OFF, Facility, Rule

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile
    from fintech_factory.views.facilities.settings import (
        CovenantSettings,
        FacilitySettings,
        FinancialCovenantSettings,
    )

__all__ = ["FOLDER", "check_facility", "load_facilities"]

FOLDER = "facilities"
"""The folder of `config/` that holds one file a facility."""


def load_facilities(config: Path, kpis: Mapping[str, Kpi]) -> tuple[Facility, ...]:
    """Read every enabled facility of a workspace's `config/`, by file name.

    Raises:
        ConfigError: a file is wrong, enabled or not; every problem of every file at once.
    """
    from fintech_factory.config import load
    from fintech_factory.views.facilities.settings import FacilitySettings

    found: list[Facility] = []
    problems: list[Problem] = []
    for path in sorted((config / FOLDER).glob("*.yaml")):
        try:
            loaded = load(path, FacilitySettings)
        except ConfigError as wrong:
            problems += wrong.problems
            continue
        facility, noted = _read(loaded, kpis)
        problems += noted
        if loaded.value.enabled:
            found.append(facility)
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def check_facility(
    loaded: "LoadedFile[FacilitySettings]", kpis: Mapping[str, Kpi] | None
) -> Sequence[Problem]:
    """Give every problem that the file's shape alone cannot tell.

    `kpis` are the KPIs there are; None if their own file is wrong and they are not known.
    """
    return _read(loaded, kpis)[1]


def _read(
    loaded: "LoadedFile[FacilitySettings]", kpis: Mapping[str, Kpi] | None
) -> tuple[Facility, Sequence[Problem]]:
    notes = Notes(loaded)
    terms = loaded.value
    pool = None if terms.pool is None else _condition(terms.pool, notes.below("pool"))
    rules = []
    for place, rule in enumerate(terms.eligibility):
        below = notes.below("eligibility", place).speaking_of(rule.id)
        if rule.id == WRITTEN_OFF:
            below.below("id").note(
                "this rule is always there", "leave it out: a written-off loan is never eligible"
            )
        when = _condition(rule.exclude_when, below.below("exclude_when"))
        if when is not None:
            rules.append(Rule.of(rule, when))
    _check_limits(terms, notes)
    _check_dates(terms, notes)
    _check_covenants(terms, kpis, notes)
    problems = sorted(notes.problems, key=lambda each: (each.line, each.column))
    facility = Facility(loaded.path.stem, loaded.shown_path, loaded.path, terms, pool, tuple(rules))
    return facility, problems


def _condition(text: str, notes: Notes) -> Node | None:
    try:
        return read_condition(text, MONITOR_LOAN)
    except ExpressionRefused as refused:
        notes.note_refused(text, refused)
        return None


def _check_limits(terms: "FacilitySettings", notes: Notes) -> None:
    for place, limit in enumerate(terms.concentration):
        below = notes.below("concentration", place).speaking_of(limit.id)
        if (limit.per == "top") != (limit.largest is not None):
            below.note(
                "`largest` goes with `per: top`, and only with it",
                "how many borrowers together, e.g. largest: 10",
            )


def _check_dates(terms: "FacilitySettings", notes: Notes) -> None:
    if terms.ends_on is not None and terms.ends_on < terms.begins_on:
        notes.below("ends_on").note(f"it ends before it begins on {terms.begins_on}")
    dated = {
        "commitment": terms.commitment[0].from_,
        "drawn": terms.drawn[0].from_,
        "advance_rate": terms.advance_rate[0].from_,
    }
    for name, first in dated.items():
        if first > terms.begins_on:
            notes.below(name, 0, "from").speaking_of(name).note(
                f"nothing is said from {terms.begins_on} to {first}",
                f"begin with an entry from {terms.begins_on}, the first day of the agreement",
            )
    if terms.payments and not terms.interest:
        notes.below("payments").note(
            "the interest of the payments is not known", "say it under `interest`"
        )
    elif terms.payments and terms.interest[0].from_ > terms.begins_on:
        notes.below("interest", 0, "from").speaking_of("interest").note(
            f"nothing is said from {terms.begins_on} to {terms.interest[0].from_}",
            f"begin with an entry from {terms.begins_on}",
        )


def _check_covenants(
    terms: "FacilitySettings", kpis: Mapping[str, Kpi] | None, notes: Notes
) -> None:
    for place, covenant in enumerate(terms.covenants):
        below = notes.below("covenants", place).speaking_of(covenant.id)
        _check_triggers(covenant, below)
        if (covenant.kpi is None) == (covenant.figure is None):
            below.note("give `kpi` or `figure`, one of the two")
        elif covenant.kpi is not None and kpis is not None and covenant.kpi not in kpis:
            below.below("kpi").note(
                f"unknown KPI `{covenant.kpi}`", suggestion(covenant.kpi, list(kpis))
            )
        else:
            _check_basis(covenant, kpis, below.below("on"))
    taken = {covenant.id for covenant in terms.covenants}
    for place, financial in enumerate(terms.financial_covenants):
        below = notes.below("financial_covenants", place).speaking_of(financial.id)
        _check_triggers(financial, below)
        if financial.id in taken:
            below.below("id").note("a covenant has this id already", "give each its own id")


def _check_basis(
    covenant: "CovenantSettings", kpis: Mapping[str, Kpi] | None, notes: Notes
) -> None:
    if covenant.figure is not None and covenant.on is not None:
        notes.note("a figure of the monitor is always of the pool", "leave `on` out")
    elif (
        covenant.on == "pool"
        and covenant.kpi is not None
        and kpis is not None
        and rolled_parts(kpis[covenant.kpi]) is None
    ):
        notes.note(
            f"`{covenant.kpi}` cannot be read of a pool",
            "only a ratio of what loans owe can, such as par_90; leave `on` out",
        )


def _check_triggers(covenant: "CovenantSettings | FinancialCovenantSettings", notes: Notes) -> None:
    worse = Decimal(1 if covenant.direction == "at_most" else -1)
    for place, trigger in enumerate(covenant.triggers):
        if trigger.warning is not None and (trigger.breach - trigger.warning) * worse < 0:
            side = "smaller" if worse > 0 else "larger"
            notes.below("triggers", place, "warning").note(
                f"the warning ({trigger.warning}) lies past the breach ({trigger.breach})",
                f"for a covenant that says {covenant.direction}, the warning is the {side}",
            )
