"""IFRS 9 provisions: stages, expected credit loss and what both were measured from."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.expected_loss import Matrix
from fintech_factory.analytics.ratio import percent
from fintech_factory.views.ecl import (
    AS_MEASURED,
    CELL,
    DEFAULTS,
    ROLL,
    STAGES,
    WRITTEN_OFF,
    YEAR,
    Case,
    Measured,
    observed,
)
from fintech_factory.views.makers import Facts, Maker, Observer
from fintech_factory.views.spec import BOOK
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER", "observed"]

_ZERO, _ONE, _HUNDRED = Decimal(0), Decimal(1), Decimal(100)


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    seen = Measured(facts)
    if seen.lacks:
        return [], [Missing(name, seen.lacks) for name in MAKER.tables]
    return [
        _table("stages", "Stages, ECL and coverage", "Etapas, PCE y cobertura", _stages(seen)),
        _table("ecl", "ECL by part, stage and bucket", "PCE por parte, etapa y antigüedad",
               _parts(seen)),
        _table("sensitivity", "Sensitivity of the ECL", "Sensibilidad de la PCE",
               _sensitivity(seen)),
        _table("pd", "Probability of default", "Probabilidad de incumplimiento", _pd(seen)),
        _table("lgd", "Loss given default", "Pérdida dado el incumplimiento", _lgd(seen)),
        _table("matrix", "Monthly migration matrix", "Matriz de migración mensual",
               _matrix(seen)),
    ], []  # fmt: skip


def _table(name: str, english: str, spanish: str, rows: Iterator[dict[str, Any]]) -> Table:
    return Table(name, english, spanish, tuple(rows), _COLUMNS[name])


_COLUMNS = {
    "stages": (
        *("as_of", "stage", "loans", "outstanding", "written_off", "gross", "gross_share"),
        *("ecl", "coverage", "partial"),
    ),
    "ecl": (
        *("as_of", "dimension", "member", "stage", "bucket", "loans", "outstanding"),
        *("written_off", "gross", "pd", "lgd", "ecl", "coverage", "partial"),
    ),
    "sensitivity": (
        *("as_of", "case", "pd_times", "lgd_plus", "ecl", "change", "coverage", "partial"),
    ),
    "pd": (
        *("as_of", "state", "basis", "pd_1m", "pd_12m", "pd_lifetime", "pd_12m_by_loans"),
        *("lifetime_months", "months", "partial"),
    ),
    "lgd": (
        *("as_of", "basis", "lgd", "realised", "loans", "balance_at_default", "recovered"),
        *("workout_months", "floor", "partial"),
    ),
    "matrix": (
        *("as_of", "opening_state", "outcome", "months", "loans", "opening_balance", "share"),
        *("loans_share", "partial"),
    ),
}


def _stages(seen: Measured) -> Iterator[dict[str, Any]]:
    """Give each stage and the whole; every stage stands, one without loans at 0."""
    cells = seen.facts.tables[CELL]
    whole = sum((seen.gross(cell) for cell in cells), _ZERO)
    for stage in (*STAGES, "all"):
        mine = [cell for cell in cells if stage in {cell["stage"], "all"}]
        gross = sum((seen.gross(cell) for cell in mine), _ZERO)
        ecl = sum((seen.loss(cell) for cell in mine), _ZERO)
        yield {
            "as_of": seen.facts.date.as_of,
            "stage": stage,
            "loans": sum(cell["loans"] for cell in mine),
            "outstanding": sum((cell["outstanding"] for cell in mine), _ZERO),
            "written_off": sum((cell["written_off"] for cell in mine), _ZERO),
            "gross": gross,
            "gross_share": percent(gross, whole),
            "ecl": ecl,
            "coverage": percent(ecl, gross),
            "partial": seen.facts.date.partial,
        }


def _parts(seen: Measured) -> Iterator[dict[str, Any]]:
    """Give the book, each entity and each product by stage and bucket, and each as a whole."""
    cells = seen.facts.tables[CELL]
    parted: dict[tuple[str, str, str, str], list[tuple[Cells, Decimal]]] = defaultdict(list)
    for cell in cells:
        loss = seen.loss(cell)
        for dimension, member in (
            (BOOK, BOOK),
            ("entity", cell["entity"]),
            ("product", cell["product"]),
        ):
            parted[dimension, member, cell["stage"], cell["bucket"]].append((cell, loss))
            parted[dimension, member, "all", "all"].append((cell, loss))
    labels = (*seen.facts.rules.bucket_labels, "all")
    order = sorted(parted, key=lambda key: (key[0], key[1], key[2], labels.index(key[3])))
    for dimension, member, stage, bucket in order:
        mine = parted[dimension, member, stage, bucket]
        gross = sum((seen.gross(cell) for cell, _ in mine), _ZERO)
        ecl = sum((loss for _, loss in mine), _ZERO)
        yield {
            "as_of": seen.facts.date.as_of,
            "dimension": dimension,
            "member": member,
            "stage": stage,
            "bucket": bucket,
            "loans": sum(cell["loans"] for cell, _ in mine),
            "outstanding": sum((cell["outstanding"] for cell, _ in mine), _ZERO),
            "written_off": sum((cell["written_off"] for cell, _ in mine), _ZERO),
            "gross": gross,
            "pd": _weighted_pd(seen, [cell for cell, _ in mine]),
            "lgd": seen.lgd.used * _HUNDRED,
            "ecl": ecl,
            "coverage": percent(ecl, gross),
            "partial": seen.facts.date.partial,
        }


def _weighted_pd(seen: Measured, cells: Sequence[Cells]) -> Decimal | None:
    """Give the PD in percent, weighted by what is outstanding."""
    held = [cell for cell in cells if cell["stage"] != WRITTEN_OFF]
    whole = sum((cell["outstanding"] for cell in held), _ZERO)
    part = sum((cell["outstanding"] * seen.probabilities(cell)[-1] for cell in held), _ZERO)
    return percent(part, whole)


def _sensitivity(seen: Measured) -> Iterator[dict[str, Any]]:
    """Recompute the ECL with a higher PD, a higher LGD, and both."""
    said = seen.policy.sensitivity
    points = said.lgd_points / _HUNDRED
    cases = (
        AS_MEASURED,
        Case("higher PD", said.pd_times, _ZERO),
        Case("higher LGD", _ONE, points),
        Case("both", said.pd_times, points),
    )
    cells = seen.facts.tables[CELL]
    gross = sum((seen.gross(cell) for cell in cells), _ZERO)
    measured = sum((seen.loss(cell) for cell in cells), _ZERO)
    for case in cases:
        ecl = sum((seen.loss(cell, case) for cell in cells), _ZERO)
        yield {
            "as_of": seen.facts.date.as_of,
            "case": case.name,
            "pd_times": case.pd_times,
            "lgd_plus": case.lgd_plus * _HUNDRED,
            "ecl": ecl,
            "change": percent(ecl - measured, measured),
            "coverage": percent(ecl, gross),
            "partial": seen.facts.date.partial,
        }


def _pd(seen: Measured) -> Iterator[dict[str, Any]]:
    """Give each state's probability of default within a month, a year and the lifetime floor."""
    life = seen.policy.lifetime_floor_months
    by_loans = seen.curve(seen.by_loans)
    for state in seen.states:
        yield {
            "as_of": seen.facts.date.as_of,
            "state": state,
            "basis": seen.used.basis[state],
            "pd_1m": seen.used.within(state, 1) * _HUNDRED,
            "pd_12m": seen.used.within(state, YEAR) * _HUNDRED,
            "pd_lifetime": seen.used.within(state, life) * _HUNDRED,
            "pd_12m_by_loans": by_loans.within(state, YEAR) * _HUNDRED,
            "lifetime_months": life,
            "months": len(seen.months),
            "partial": False,
        }


def _lgd(seen: Measured) -> Iterator[dict[str, Any]]:
    said, lgd = seen.policy.lgd, seen.lgd
    yield {
        "as_of": seen.facts.date.as_of,
        "basis": lgd.basis,
        "lgd": lgd.used * _HUNDRED,
        "realised": None if lgd.realised is None else lgd.realised * _HUNDRED,
        "loans": lgd.loans,
        "balance_at_default": lgd.balance_at_default,
        "recovered": lgd.recovered,
        "workout_months": said.workout_months,
        "floor": said.floor_percent,
        "partial": False,
    }


def _matrix(seen: Measured) -> Iterator[dict[str, Any]]:
    """Give the average month by both weights, with the sums behind the shares."""
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, _ZERO])
    for row in seen.facts.tables[ROLL]:
        if row["as_of"] in seen.months:
            both = sums[row["opening_state"], row["outcome"]]
            both[0] += row["loans"]
            both[1] += row["opening_balance"]
    ends = ("repaid", *seen.states)
    for (start, end), (loans, balance) in sorted(
        sums.items(), key=lambda item: (ends.index(item[0][0]), ends.index(item[0][1]))
    ):
        yield {
            "as_of": seen.facts.date.as_of,
            "opening_state": start,
            "outcome": end,
            "months": len(seen.months),
            "loans": loans,
            "opening_balance": balance,
            "share": _in_percent(seen.by_balance, start, end),
            "loans_share": _in_percent(seen.by_loans, start, end),
            "partial": False,
        }


def _in_percent(matrix: Matrix, start: str, end: str) -> Decimal | None:
    """Give a share of a state's row; a state that held dust has no row."""
    return None if start not in matrix else matrix[start][end] * _HUNDRED


MAKER = Maker(
    tables=("stages", "ecl", "sensitivity", "pd", "lgd", "matrix"),
    at=(CELL, DEFAULTS),
    up_to=(ROLL,),
    make=_make,
    observer=Observer((CELL, DEFAULTS), (ROLL,), observed),
)
