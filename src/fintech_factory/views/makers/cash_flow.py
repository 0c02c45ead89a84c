"""Expected cash under scenarios, and how earlier expectations met what came."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.cash import Opening, Projection, Scenario, project
from fintech_factory.analytics.experience import DUE, LATER, PAID, SETTLED, WRITTEN_OFF, Experience
from fintech_factory.analytics.ratio import percent
from fintech_factory.kpi_engine.observed import Observed
from fintech_factory.views.cash_history import History, Month, read_history
from fintech_factory.views.makers import Facts, Maker, Observer
from fintech_factory.views.scenarios import Scenarios, ScenarioSettings
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER", "observed"]

_AHEAD, _ROLLS, _COLLECTED = "cash_flow_ahead", "cash_flow_rolls", "cash_flow_collected"
_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_BASE = "base"
_WINDOW_DAYS = 30
"""A window of this many days is taken as one month of experience."""
_WINDOWS = 12
_SPANS = (30, 60, 90)
_MONTHS_BACK = 12
_ERROR_SPANS = (3, 12)
_NEEDS = "needs a full month that began with a balance; the book has none yet"


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that the tables of one date are made of."""

    facts: Facts
    settings: Scenarios
    history: History
    experience: Experience | None
    contractual: Sequence[tuple[Decimal, Decimal]]
    projections: Mapping[str, Projection]
    held: tuple[str, ...]


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    seen = _see(facts)
    actual = list(_actual(seen))
    tables = [
        _table("scenarios", "Scenarios", "Escenarios", list(_scenarios(seen))),
        _table("actual", "Actual against expected", "Real contra esperado", actual),
        _table("forecast_error", "Error of past expectations, in percent of what came",
               "Error de lo esperado, en porcentaje de lo que entró", list(_errors(seen, actual))),
    ]  # fmt: skip
    if seen.experience is None:
        return tables, [Missing(name, _NEEDS) for name in ("days", "expected", "experience")]
    return [
        _table("days", "Expected cash of the next 30, 60 and 90 days",
               "Efectivo esperado a 30, 60 y 90 días", list(_days(seen))),
        _table("expected", f"Expected cash by windows of {_WINDOW_DAYS} days",
               f"Efectivo esperado por períodos de {_WINDOW_DAYS} días", list(_expected(seen))),
        _table("experience", "What became of such instalments", "Experiencia de cobro",
               [*_experience(seen), *_unseen(seen)]),
        *tables,
    ], []  # fmt: skip


def observed(facts: Facts) -> Mapping[str, Observed]:
    """Give the base scenario's expected cash: expected_cash_30d, _60d and _90d (money)."""
    seen = _see(facts)
    if seen.experience is None:
        return {f"expected_cash_{days}d": Observed(reason=_NEEDS) for days in _SPANS}
    base = seen.projections[_BASE]
    return {
        f"expected_cash_{days}d": Observed(value=_total(base, days // _WINDOW_DAYS))
        for days in _SPANS
    }


def _total(projection: Projection, windows: int) -> Decimal:
    return sum((period.total for period in projection[:windows]), _ZERO)


def _see(facts: Facts) -> _Seen:
    settings: Scenarios = facts.settings["scenarios"]
    history = read_history(facts.tables[_ROLLS], facts.tables[_COLLECTED], facts.date.as_of)
    opening, contractual = _opening(facts.tables[_AHEAD])
    experience = history.experience(settings.windows)
    scenarios = {name: _scenario(said) for name, said in settings.scenarios.items()}
    projections = {} if experience is None else project(opening, experience, scenarios)
    held = (
        DUE,
        *([LATER] if any((*opening.due[1:], opening.beyond)) else ()),
        *sorted(opening.late),
    )
    return _Seen(facts, settings, history, experience, contractual, projections, held)


def _opening(ahead: Sequence[Cells]) -> tuple[Opening, list[tuple[Decimal, Decimal]]]:
    """Sort what is open into windows and classes; give principal and charges due by window."""
    due = [[_ZERO, _ZERO] for _ in range(_WINDOWS + 1)]
    late: dict[str, Decimal] = defaultdict(Decimal)
    for row in ahead:
        if row["due"] == "to come":
            window = row["window_no"] - 1
            due[window][0] += row["principal"]
            due[window][1] += row["charges"]
        else:
            late[row["bucket"] if row["due"] == "overdue" else row["due"]] += row["principal"]
    written_off = late.pop(WRITTEN_OFF, _ZERO)
    undated = late.pop("not scheduled", _ZERO)
    opening = Opening(
        tuple(principal for principal, _ in due[:_WINDOWS]),
        due[_WINDOWS][0],
        late,
        written_off,
        undated,
    )
    return opening, [(principal, charges) for principal, charges in due[:_WINDOWS]]


def _scenario(settings: ScenarioSettings) -> Scenario:
    share = settings.recovery_percent
    return Scenario(
        settings.default_times,
        settings.prepayment_times,
        settings.recovery_times,
        None if share is None else share / _HUNDRED,
        settings.recovery_lag_months,
    )


def _table(name: str, english: str, spanish: str, rows: Sequence[Cells]) -> Table:
    return Table(name, english, spanish, tuple(rows), _COLUMNS[name])


_COLUMNS = {
    "scenarios": (
        *("as_of", "scenario", "title_en", "title_es", "default_times", "prepayment_times"),
        *("recovery_times", "recovery_percent", "recovery_lag_months", "rationale", "partial"),
    ),
    "days": (
        *("as_of", "scenario", "days", "contractual", "principal", "charges", "total"),
        *("percent_of_contractual", "partial"),
    ),
    "expected": (
        *("as_of", "scenario", "window", "from_day", "to_day", "contractual_principal"),
        *("contractual_charges", "from_due", "from_late", "prepaid", "recovered", "principal"),
        *("charges", "total", "cumulative_total", "written_off", "outstanding", "lost", "partial"),
    ),
    "experience": (
        *("as_of", "opening_class", "closing_class", "months", "opening_principal", "share"),
        *("charges_percent", "partial"),
    ),
    "actual": (
        *("as_of", "month_end", "contractual_principal", "late_principal", "expected_principal"),
        *("expected_charges", "expected", "came", "variance", "variance_percent"),
        *("came_of_new_loans", "cash_month", "partial"),
    ),
    "forecast_error": (
        *("as_of", "months", "expected", "came", "bias", "bias_percent", "absolute_error"),
        *("absolute_error_percent", "partial"),
    ),
}


def _scenarios(seen: _Seen) -> Iterator[dict[str, Any]]:
    for name, said in seen.settings.scenarios.items():
        yield {
            "as_of": seen.facts.date.as_of,
            "scenario": name,
            "title_en": said.title.en,
            "title_es": said.title.es,
            "default_times": said.default_times,
            "prepayment_times": said.prepayment_times,
            "recovery_times": said.recovery_times,
            "recovery_percent": said.recovery_percent,
            "recovery_lag_months": said.recovery_lag_months,
            "rationale": said.rationale,
            "partial": seen.facts.date.partial,
        }


def _days(seen: _Seen) -> Iterator[dict[str, Any]]:
    """Add up the windows to 30, 60 and 90 days, beside what contracts say."""
    for name, projection in seen.projections.items():
        for days in _SPANS:
            windows = projection[: days // _WINDOW_DAYS]
            due = seen.contractual[: days // _WINDOW_DAYS]
            contractual = sum((sum(pair) for pair in due), _ZERO)
            total = _total(projection, days // _WINDOW_DAYS)
            yield {
                "as_of": seen.facts.date.as_of,
                "scenario": name,
                "days": days,
                "contractual": contractual,
                "principal": sum((each.principal for each in windows), _ZERO),
                "charges": sum((each.charges for each in windows), _ZERO),
                "total": total,
                "percent_of_contractual": percent(total, contractual),
                "partial": seen.facts.date.partial,
            }


def _expected(seen: _Seen) -> Iterator[dict[str, Any]]:
    for name, projection in seen.projections.items():
        cumulative = _ZERO
        for window, (period, (_, charges)) in enumerate(
            zip(projection, seen.contractual, strict=True)
        ):
            cumulative += period.total
            yield {
                "as_of": seen.facts.date.as_of,
                "scenario": name,
                "window": window + 1,
                "from_day": window * _WINDOW_DAYS,
                "to_day": (window + 1) * _WINDOW_DAYS - 1,
                "contractual_principal": period.contractual,
                "contractual_charges": charges,
                "from_due": period.from_due,
                "from_late": period.from_late,
                "prepaid": period.prepaid,
                "recovered": period.recovered,
                "principal": period.principal,
                "charges": period.charges,
                "total": period.total,
                "cumulative_total": cumulative,
                "written_off": period.written_off,
                "outstanding": period.outstanding,
                "lost": period.lost,
                "partial": seen.facts.date.partial,
            }


def _experience(seen: _Seen) -> Iterator[dict[str, Any]]:
    """Show each class of which something was seen, and what it became.

    A class in which the book holds something and nothing, or only dust, was ever seen has a row
    without a share: nothing is expected of it.
    """
    if seen.experience is None:
        return
    for opening, parts in sorted(seen.experience.shares.items()):
        months, principal = _began(seen, opening)
        for closing, share in sorted(parts.items(), key=lambda part: (part[0] != PAID, part[0])):
            yield {
                "as_of": seen.facts.date.as_of,
                "opening_class": opening,
                "closing_class": closing,
                "months": months,
                "opening_principal": principal,
                "share": share * _HUNDRED,
                "charges_percent": _charges(seen.experience, opening, closing),
                "partial": False,
            }


def _began(seen: _Seen, opening: str) -> tuple[int, Decimal]:
    """Give how many months a class was measured over, and what began them in it."""
    windows = seen.settings.windows
    recent = opening in {DUE, LATER, SETTLED}
    months = seen.history.window(windows.due_months if recent else windows.late_months)
    return len(months), sum((month.opening.get(opening, _ZERO) for month in months), _ZERO)


def _unseen(seen: _Seen) -> Iterator[dict[str, Any]]:
    known = {} if seen.experience is None else seen.experience.shares
    for name in seen.held:
        if name not in known:
            months, principal = _began(seen, name)
            yield dict.fromkeys(_COLUMNS["experience"]) | {
                "as_of": seen.facts.date.as_of,
                "opening_class": name,
                "months": months if principal else 0,
                "opening_principal": principal,
                "partial": False,
            }


def _charges(experience: Experience, opening: str, closing: str) -> Decimal | None:
    ratio = experience.charges.get(opening)
    return None if closing != PAID or ratio is None else ratio * _HUNDRED


def _actual(seen: _Seen) -> Iterator[dict[str, Any]]:
    """Set beside each month what was due and expected at its start, the newest first."""
    for month in _months(seen.history):
        opening = month.opening
        expected = seen.history.expected(month, seen.settings.windows)
        whole = None if expected is None else sum(expected)
        # A month in progress is not compared: a few days would stand against a whole month.
        variance = None if whole is None or month.partial else month.cash_of_opening - whole
        yield {
            "as_of": seen.facts.date.as_of,
            "month_end": month.as_of,
            "contractual_principal": opening.get(DUE, _ZERO),
            "late_principal": _late(opening),
            "expected_principal": None if expected is None else expected[0],
            "expected_charges": None if expected is None else expected[1],
            "expected": whole,
            "came": month.cash_of_opening,
            "variance": variance,
            "variance_percent": percent(variance, whole),
            "came_of_new_loans": month.all_cash - month.cash_of_opening,
            "cash_month": month.all_cash,
            "partial": month.partial,
        }


def _late(opening: Mapping[str, Decimal]) -> Decimal:
    """Add up what was past due at the start, written-off included."""
    return sum((amount for name, amount in opening.items() if name not in {DUE, LATER}), _ZERO)


def _months(history: History) -> list[Month]:
    running = [] if history.running is None else [history.running]
    return [*running, *reversed(history.full[-_MONTHS_BACK:])]


def _errors(seen: _Seen, actual: Sequence[Cells]) -> Iterator[dict[str, Any]]:
    """Add up the errors of the last full months; not given unless all of them could be expected.

    Both percentages are of what came: the absolute error so is the WAPE, weighted by the actual.
    """
    for span in _ERROR_SPANS:
        rows = [row for row in actual if row["variance"] is not None][:span]
        if len(rows) < span:
            continue
        expected = sum((row["expected"] for row in rows), _ZERO)
        came = sum((row["came"] for row in rows), _ZERO)
        missed = sum((abs(row["variance"]) for row in rows), _ZERO)
        yield {
            "as_of": seen.facts.date.as_of,
            "months": span,
            "expected": expected,
            "came": came,
            "bias": came - expected,
            "bias_percent": percent(came - expected, came),
            "absolute_error": missed,
            "absolute_error_percent": percent(missed, came),
            "partial": False,
        }


MAKER = Maker(
    tables=("days", "expected", "experience", "scenarios", "actual", "forecast_error"),
    at=(_AHEAD,),
    up_to=(_ROLLS, _COLLECTED),
    make=_make,
    observer=Observer((_AHEAD,), (_ROLLS, _COLLECTED), observed),
)
