"""Reads what facilities are judged on from a version or a build."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.concentration import Cell
from fintech_factory.analytics.rolls import Rolled
from fintech_factory.ingestion.sources.statements import Statement
from fintech_factory.kpi_engine import Definitions, Scope, evaluate
from fintech_factory.pipeline.facility_loans import reasons_of
from fintech_factory.pipeline.view_facts import snapshot_dates
from fintech_factory.views.facilities.covenants import BREACH, LOOK_BACK_MONTHS
from fintech_factory.views.facilities.facts import (
    BookFacts,
    Figure,
    Pool,
    StateSum,
    StepSum,
    Tally,
)
from fintech_factory.views.facilities.monitor import Monitor
from fintech_factory.views.facilities.pool_sql import (
    ELIGIBLE,
    cells_sql,
    ineligible_sql,
    parts_sql,
    tallies_sql,
)
from fintech_factory.views.facilities.terms import Facility
from fintech_factory.views.table import Cells, ViewDate
from fintech_factory.warehouse.protocol import Reader, Row

__all__ = ["Terms", "read_monitor"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a workspace says for its monitor: facilities, KPIs, statements, currencies.

    `rates` are the settings' own, by currency and the day from which they hold.
    """

    facilities: Sequence[Facility]
    definitions: Definitions
    statements: Sequence[Statement]
    reporting_currency: str
    rates: Mapping[str, Mapping[date, Any]]


def read_monitor(reader: Reader, terms: Terms, asked: Sequence[date]) -> Monitor:
    """Read the dates asked for, the full month-ends that trends and rolls look back to, and more.

    Only a breach looks back further, for the day on which it began: every snapshot is then read.
    """
    last = max(asked)
    dates = [on for day, on in snapshot_dates(reader).items() if day <= last]
    facts = BookFacts(dates=dates, statements=terms.statements)
    monitor = Monitor(terms.facilities, facts, terms.definitions, terms.reporting_currency)
    if not terms.facilities:
        return monitor
    near = {on.as_of for day in asked for on in facts.full_month_ends(day)[-LOOK_BACK_MONTHS:]}
    found = _read(reader, terms, monitor, asked, sorted(near | set(asked)))
    if len(near | set(asked)) < len(dates) and _is_breached(found, asked):
        return _read(reader, terms, monitor, asked, [on.as_of for on in dates])
    return found


def _is_breached(monitor: Monitor, asked: Sequence[date]) -> bool:
    return any(
        covenant.state == BREACH
        for on in monitor.facts.dates
        if on.as_of in asked
        for facility in monitor.at(on)
        for covenant in monitor.covenants(facility, on)
    )


# An engine plans longer than it reads: two questions are asked at a time.
_AT_A_TIME = 2


def _read(
    reader: Reader, terms: Terms, monitor: Monitor, asked: Sequence[date], days: Sequence[date]
) -> Monitor:
    with ThreadPoolExecutor(max_workers=_AT_A_TIME) as pool:
        pools = {
            each.id: pool.submit(_pools, reader, each, days, asked) for each in terms.facilities
        }
        rates = pool.submit(_rates, reader, terms, monitor.facts.dates)
        kpis = pool.submit(_kpis, reader, monitor, days)
        states = pool.submit(_states, reader, monitor, days)
        of_pools = {
            each.id: pool.submit(_states, reader, monitor, days, each)
            for each in terms.facilities
            if any(covenant.on == "pool" for covenant in each.terms.covenants)
        }
        rolls = pool.submit(_rolls, reader, asked)
        facts = replace(
            monitor.facts,
            pools={name: each.result() for name, each in pools.items()},
            rates=rates.result(),
            kpis=kpis.result(),
            states=states.result(),
            pool_states={name: each.result() for name, each in of_pools.items()},
            rolls=rolls.result(),
        )
    return replace(monitor, facts=facts, _standings={}, _paths={})


def _pools(
    reader: Reader, facility: Facility, days: Sequence[date], asked: Sequence[date]
) -> dict[date, Pool]:
    # Only a covenant on the facility's own figures looks back; others need the dates asked for.
    looks_back = any(each.figure is not None for each in facility.terms.covenants)
    wanted = days if looks_back else [day for day in days if day in asked]
    pools = _tallies(reader, facility, wanted)
    cells: dict[date, list[Cell]] = defaultdict(list)
    if facility.terms.concentration:
        for day, *cell in _rows(reader, cells_sql(facility, len(wanted)), wanted):
            cells[day].append(Cell(*cell))
    worst = _ineligible(reader, facility, asked)
    none = Pool.empty(len(facility.rules))
    return {
        day: replace(
            pools.get(day, none),
            cells=sorted(cells[day], key=_in_order),
            ineligible=worst.get(day, ()),
        )
        for day in wanted
    }


def _in_order(cell: Cell) -> tuple[Any, ...]:
    # Rounding falls on the last cell: the same one, whatever order the engine gives.
    return cell.place or 0, cell.borrower or "", cell.product, cell.entity, cell.state


def _tallies(reader: Reader, facility: Facility, days: Sequence[date]) -> dict[date, Pool]:
    found: dict[date, list[Row]] = defaultdict(list)
    for day, *row in _rows(reader, tallies_sql(facility, len(days)), days):
        found[day].append(tuple(row))
    return {day: _pool(rows, len(facility.rules)) for day, rows in found.items()}


_TALLY = 6
"""First rule, step's first day and percent, loans, balance, counted; the rules' own follow."""


def _pool(rows: Sequence[Row], rules: int) -> Pool:
    steps = [StepSum(*row[1:_TALLY]) for row in rows if row[0] == ELIGIBLE]
    return Pool(
        eligible=_tally(rows, ELIGIBLE),
        excluded=[_tally(rows, no) for no in range(rules)],
        by_rule=[
            Tally(
                sum(row[_TALLY + 2 * no] for row in rows),
                sum((row[_TALLY + 2 * no + 1] for row in rows), Decimal(0)),
            )
            for no in range(rules)
        ],
        steps=sorted(steps, key=lambda step: step.from_dpd),
    )


def _tally(rows: Sequence[Row], first: int) -> Tally:
    own = [row for row in rows if row[0] == first]
    return Tally(sum(row[3] for row in own), sum((row[4] for row in own), Decimal(0)))


_LOAN = ("place", "loan_id", "borrower_id", "entity", "product", "balance", "dpd")


def _ineligible(
    reader: Reader, facility: Facility, days: Sequence[date]
) -> dict[date, list[Cells]]:
    found: dict[date, list[Cells]] = defaultdict(list)
    for day, *row in sorted(
        _rows(reader, ineligible_sql(facility, len(days)), days), key=lambda row: row[:2]
    ):
        first, *rules = row[len(_LOAN) :]
        loan = dict(zip(_LOAN, row, strict=False))
        found[day].append(loan | reasons_of(facility, first, rules))
    return found


def _kpis(reader: Reader, monitor: Monitor, days: Sequence[date]) -> dict[str, dict[date, Figure]]:
    """Evaluate the KPIs that covenants are on by the KPI engine, for the whole book."""
    if not monitor.kpis:
        return {}
    ((first_day,),) = _rows(reader, "SELECT MIN(disbursed_on) FROM dim_loan")
    ((through,),) = _rows(reader, "SELECT data_through FROM policy")
    scope = Scope(tuple(days), through, first_day)

    def of_whole_book(sql: str, parameters: Sequence[object]) -> list[Row]:
        return [row for row in _rows(reader, sql, parameters) if not row[1]]

    found: dict[str, dict[date, Figure]] = defaultdict(dict)
    for each in evaluate(monitor.definitions.only(*monitor.kpis), scope, of_whole_book):
        figure = Figure(each.value, each.reason, each.part, each.whole)
        found[each.kpi][each.as_of] = figure
    return found


def _states(
    reader: Reader, monitor: Monitor, days: Sequence[date], facility: Facility | None = None
) -> dict[date, dict[str, StateSum]]:
    """Sum the ageing states of the book, or of a facility's pool, in which a date may be empty."""
    names = list(monitor.rolled)
    amounts = [node for name in names for node in monitor.rolled[name]]
    found: dict[date, dict[str, StateSum]] = {day: {} for day in days}
    for day, state, balance, *sums in _rows(reader, parts_sql(amounts, len(days), facility), days):
        pairs = zip(sums[::2], sums[1::2], strict=True)
        found[day][state] = StateSum(balance, dict(zip(names, pairs, strict=True)))
    return found


def _rolls(reader: Reader, days: Sequence[date]) -> dict[date, list[Rolled]]:
    found: dict[date, list[Rolled]] = defaultdict(list)
    rows = _rows(
        reader,
        "SELECT as_of, months, opening_state, outcome, opening_balance, balance FROM monitor_roll "  # noqa: S608 - marks only
        f"WHERE as_of IN ({', '.join('?' * len(days))}) ORDER BY as_of, opening_state, outcome",
        list(days),
    )
    for day, *rolled in rows:
        found[day].append(Rolled(*rolled))
    return found


def _rates(reader: Reader, terms: Terms, dates: Sequence[ViewDate]) -> dict[str, dict[date, Any]]:
    """Give what the facilities' currencies are worth at each snapshot: the ledger's own rates.

    A currency that no loan of the export is in has the settings' rate: the latest up to the date,
    before the first one that (A19).
    """
    wanted = {each.terms.currency for each in terms.facilities} - {terms.reporting_currency}
    found: dict[str, dict[date, Any]] = defaultdict(dict)
    for currency, day, rate in _ledger_rates(reader) if wanted else ():
        found[currency][day] = rate
    for currency in wanted - found.keys():
        own = terms.rates.get(currency, {})
        for on in dates if own else ():
            before = [day for day in own if day <= on.as_of]
            found[currency][on.as_of] = own[max(before) if before else min(own)]
    return {currency: found[currency] for currency in wanted & found.keys()}


def _ledger_rates(reader: Reader) -> Iterator[Row]:
    yield from _rows(
        reader,
        "SELECT r.currency, d.as_of, r.rate FROM fx_by_snapshot AS r "
        "INNER JOIN snapshot_date AS d ON d.seq = r.seq",
    )


def _rows(reader: Reader, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
    return reader.table(sql, parameters)[1]
