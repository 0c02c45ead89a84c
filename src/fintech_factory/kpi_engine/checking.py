"""Turns the settings of KPIs into checked definitions, or into every problem with its place."""

from collections import OrderedDict
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import DefinitionError
from fintech_factory.kpi_engine.definitions import (
    Amount,
    Definitions,
    EmptyPolicy,
    Formula,
    FromOutside,
    Kpi,
    Measure,
    NotConnected,
    Ratio,
    Title,
)
from fintech_factory.kpi_engine.expression import ExpressionRefused, read_formula, read_measure
from fintech_factory.kpi_engine.ladder import read_clamp, read_limits, read_target
from fintech_factory.kpi_engine.meaning import meaning_of
from fintech_factory.kpi_engine.models import MODELS, Model
from fintech_factory.kpi_engine.nodes import Node, aggregates_of, kpis_of
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.kpi_engine.worked import read_examples
from fintech_factory.registry import suggestion
from fintech_factory.values import Problem, Unit

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile
    from fintech_factory.kpi_engine.settings import KpiFile, KpiSettings

__all__ = ["check_definitions", "load_definitions", "read_definitions"]

_SHAPES = (
    ("part", "whole"),
    ("total", "per"),
    ("value",),
    ("formula",),
    ("observed", "see"),
    ("needs",),
)
_HOW = (
    "give `part` and `whole` (a ratio in percent), `total` and `per` (in the total's unit),"
    " `value`, `formula`, `observed` and `see`, or `needs`"
)


def load_definitions(path: Path) -> Definitions:
    """Read `kpi_definitions.yaml`; ConfigError or DefinitionError lists every problem."""
    from fintech_factory.config import load
    from fintech_factory.kpi_engine.settings import KpiFile

    return read_definitions(load(path, KpiFile))


def read_definitions(loaded: "LoadedFile[KpiFile]", *, with_examples: bool = True) -> Definitions:
    """Check a loaded file; DefinitionError lists every problem, in the file's order.

    Definitions that come back from a log have no examples, and none is asked of them. What was
    read of the same loaded file before is given again: its formulas take longer than the file.
    """
    known = _KNOWN.get(id(loaded))
    if known is not None and with_examples:
        return known[1]
    definitions, problems = _read(loaded, with_examples=with_examples)
    if problems:
        raise DefinitionError(problems)
    if with_examples:
        # The file is kept beside it, so that no other one ever gets its number.
        _KNOWN[id(loaded)] = (loaded, definitions)
        while len(_KNOWN) > _KEPT:
            _KNOWN.popitem(last=False)
    return definitions


_KNOWN: "OrderedDict[int, tuple[LoadedFile[KpiFile], Definitions]]" = OrderedDict()
_KEPT = 4


def check_definitions(loaded: "LoadedFile[KpiFile]") -> Sequence[Problem]:
    """Give every problem that the file's shape alone cannot tell."""
    return _read(loaded)[1]


def _read(
    loaded: "LoadedFile[KpiFile]", *, with_examples: bool = True
) -> tuple[Definitions, Sequence[Problem]]:
    notes = Notes(loaded)
    kpis: dict[str, Kpi] = {}
    for name, settings in loaded.value.kpis.items():
        kpi = _kpi(name, settings, notes.below("kpis", name), with_examples=with_examples)
        if kpi is not None:
            kpis[name] = kpi
    order = _order(kpis, notes)
    problems = sorted(notes.problems, key=lambda each: (each.line, each.column))
    return Definitions(loaded.shown_path, kpis, order), problems


def _kpi(name: str, settings: "KpiSettings", notes: Notes, *, with_examples: bool) -> Kpi | None:
    limits = read_limits(settings, notes)
    target = read_target(settings, notes)
    clamp = read_clamp(settings, limits, notes)
    measure = _measure(settings, notes)
    if measure is None:
        return None
    _check_unit(settings, measure, notes)
    return Kpi(
        id=name,
        title=Title(settings.title.en, settings.title.es),
        department=settings.department,
        measure=measure,
        unit=settings.unit,
        limits=limits,
        target=target,
        clamp=clamp,
        empty=settings.empty,
        full_months=settings.full_months,
        owner=settings.owner,
        version=settings.version,
        effective_from=settings.effective_from,
        reason=settings.reason,
        source=settings.source,
        precision=settings.precision,
        examples=read_examples(settings.examples, measure, notes) if with_examples else (),
        author=settings.author or settings.owner,
        meaning=meaning_of(settings),
    )


def _measure(settings: "KpiSettings", notes: Notes) -> Measure | None:
    keys = (key for shape in _SHAPES for key in shape)
    written = tuple(key for key in keys if getattr(settings, key) is not None)
    if written not in _SHAPES:
        notes.note(f"it has {' and '.join(written) or 'no expression'}", _HOW)
        return None
    if settings.formula is not None:
        return _formula(settings, settings.formula, notes)
    if settings.observed is not None or settings.needs is not None:
        return _unmeasured(settings, notes)
    return _on_rows(settings, written, notes)


def _on_rows(
    settings: "KpiSettings", written: tuple[str, ...], notes: Notes
) -> Ratio | Amount | None:
    model = _model(settings, notes)
    if model is None:
        return None
    texts = {name: getattr(settings, name) for name in written}
    nodes = {name: _expression(text, model, notes.below(name)) for name, text in texts.items()}
    if any(node is None for node in nodes.values()):
        return None
    read = {name: node for name, node in nodes.items() if node is not None}
    if "value" in read:
        return Amount(model, read["value"], texts["value"])
    above, below = read
    return Ratio(
        model, read[above], read[below], texts[above], texts[below], in_percent=above == "part"
    )


def _unmeasured(settings: "KpiSettings", notes: Notes) -> FromOutside | NotConnected:
    if settings.model is not None:
        notes.below("model").note("what is not measured on rows has no model", "leave it out")
    if settings.observed is not None:
        return FromOutside(settings.observed, settings.see or "")
    sources = (settings.needs,) if isinstance(settings.needs, str) else settings.needs or ()
    if not sources:
        notes.below("needs").note("no source is named", "for example: needs: hubspot")
    return NotConnected(tuple(dict.fromkeys(sources)))


def _model(settings: "KpiSettings", notes: Notes) -> Model | None:
    if settings.model is None:
        notes.note("the key `model` is missing", f"models: {', '.join(MODELS)}")
        return None
    model = MODELS.get(settings.model)
    if model is None:
        hint = suggestion(settings.model, list(MODELS))
        notes.below("model").note(f"unknown model `{settings.model}`", hint)
    return model


def _expression(text: str, model: Model, notes: Notes) -> Node | None:
    try:
        node = read_measure(text, model)
    except ExpressionRefused as refused:
        notes.note_refused(text, refused)
        return None
    if not aggregates_of(node):
        notes.note("nothing is measured", "for example: sum(outstanding)")
        return None
    return node


def _formula(settings: "KpiSettings", text: str, notes: Notes) -> Formula | None:
    if settings.model is not None:
        notes.below("model").note("a formula has no model", "its KPIs have theirs; leave it out")
    below = notes.below("formula")
    kpis = notes.loaded.value.kpis
    try:
        node = read_formula(text, kpis)
    except ExpressionRefused as refused:
        below.note_refused(text, refused)
        return None
    inputs = kpis_of(node)
    if not inputs:
        below.note("no KPI is used", "a formula joins other KPIs")
        return None
    for name in inputs:
        if kpis[name].observed is not None or kpis[name].needs is not None:
            below.note(
                f"{name} is not measured on the book, so the two engines cannot both know it",
                "a formula joins KPIs that are measured",
            )
    return Formula(node, inputs, text)


def _check_unit(settings: "KpiSettings", measure: Measure, notes: Notes) -> None:
    below = notes.below("unit")
    if isinstance(measure, Ratio) and measure.in_percent and settings.unit is not Unit.PERCENT:
        below.note(f"part and whole give a percentage, not a {settings.unit.value}", "say percent")
    if isinstance(measure, Ratio) and not measure.in_percent and settings.unit in _NOT_A_TOTALS:
        below.note(
            f"a total per something is no {settings.unit.value}", "give `part` and `whole` for that"
        )
    if isinstance(measure, Amount) and settings.unit in {Unit.PERCENT, Unit.SCORE}:
        below.note(
            f"one sum cannot be a {settings.unit.value}", "give `part` and `whole` for a percentage"
        )
    if settings.empty is EmptyPolicy.ZERO and not isinstance(measure, Amount):
        notes.below("empty").note(
            "an empty whole has no ratio", "leave it out: such a KPI is unavailable, never 0"
        )


_NOT_A_TOTALS = frozenset({Unit.PERCENT, Unit.SCORE})


def _order(kpis: dict[str, Kpi], notes: Notes) -> tuple[str, ...]:
    """Order formulas after their inputs; each circle is noted and left out."""
    waits_for = {
        name: kpi.measure.inputs if isinstance(kpi.measure, Formula) else ()
        for name, kpi in kpis.items()
    }
    while True:
        try:
            ordered = tuple(TopologicalSorter(waits_for).static_order())
        except CycleError as circle:
            names = list(reversed(circle.args[1]))
            at = notes.below("kpis", names[0], "formula")
            at.note(f"it leads back to itself: {' → '.join(names)}", "break the circle")
            waits_for = {name: () if name in names else on for name, on in waits_for.items()}
        else:
            return tuple(name for name in ordered if name in kpis)
