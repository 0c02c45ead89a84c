"""The compliance certificate of a facility: every figure with its computation and its source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory import __version__
from fintech_factory.analytics.statement_ratios import FORMULAS as RATIO_FORMULAS
from fintech_factory.errors import UsageError
from fintech_factory.views.document import Block, Document, Grid, Heading, Lines, Paragraph
from fintech_factory.views.facilities.agenda import duties, payments
from fintech_factory.views.facilities.covenants import BREACH, UNAVAILABLE, Covenant
from fintech_factory.views.facilities.monitor import Monitor
from fintech_factory.views.facilities.standing import FORMULAS as STANDING_FORMULAS
from fintech_factory.views.facilities.standing import Standing
from fintech_factory.views.facilities.terms import Facility
from fintech_factory.views.table import ViewDate

__all__ = ["Provenance", "certificate"]

_CENTS, _WIDE = Decimal("0.01"), Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a certificate's figures come from.

    `run_id` is None for figures that no run published. `files` gives each source file's SHA-256,
    `terms_sha256` that of the facility's own file.
    """

    run_id: str | None
    data_through: date
    batch_ids: Sequence[str]
    files: Mapping[str, str]
    terms_sha256: str


def certificate(
    monitor: Monitor, facility: Facility, on: ViewDate, source: Provenance, *, draft: bool
) -> Document:
    """Write the certificate of a facility at a date.

    Raises:
        UsageError: the facility is not in force, or a figure is unavailable and it is no draft.
    """
    if not facility.in_force(on.cut_on):
        raise UsageError(
            f"{facility.id} is not in force on {on.cut_on}",
            where="--as-of",
            hint=f"it begins on {facility.terms.begins_on}",
        )
    standing, covenants = monitor.standing(facility, on), monitor.covenants(facility, on)
    lacking = list(_lacking(standing, covenants))
    if isinstance(standing, str) or (lacking and not draft):
        raise UsageError(
            f"the certificate of {facility.id} at {on.as_of} cannot be signed: "
            + "; ".join(lacking),
            where="--as-of",
            hint="supply what is named; --draft writes it with the gaps marked",
        )
    blocks = [
        *_head(facility, on, source, draft=draft, lacking=lacking),
        *_conclusion(covenants, standing),
        *_base(standing, monitor.reporting_currency),
        *_covenants(covenants, monitor),
        *_basis(facility, covenants, monitor),
        *_calendar(facility, on),
        *_sources(monitor, covenants, source),
        *_signatures(facility),
    ]
    title = f"Compliance certificate: {facility.terms.name}"
    return Document(f"DRAFT: {title}" if draft else title, "en", blocks)


def _lacking(standing: Standing | str, covenants: Sequence[Covenant]) -> Iterator[str]:
    """Name every figure that is unavailable, with what it needs."""
    if isinstance(standing, str):
        yield standing
    elif standing.reason:
        yield f"borrowing base {standing.reason}"
    for each in covenants:
        if each.state == UNAVAILABLE:
            yield f"{each.id} {each.found.reason}"


def _head(
    facility: Facility, on: ViewDate, source: Provenance, *, draft: bool, lacking: Sequence[str]
) -> Iterator[Block]:
    if draft:
        yield Paragraph("DRAFT: not for signature.", strong=True)
        yield from (Paragraph(f"Unavailable: {each}.", strong=True) for each in lacking)
    terms = facility.terms
    month = " (the month is in progress)" if on.partial else ""
    yield Grid(
        ("", ""),
        (
            ("Facility", f"{terms.name} ({facility.id})"),
            ("Lender", terms.lender),
            ("Borrower", terms.borrower),
            ("In force", f"from {terms.begins_on} to {terms.ends_on or 'an open date'}"),
            ("As-of date", f"{on.as_of}{month}"),
            ("Data through", f"{source.data_through}, counted to {on.cut_on}"),
        ),
    )


def _conclusion(covenants: Sequence[Covenant], standing: Standing) -> Iterator[Block]:
    yield Heading("Conclusion")
    breached = [each for each in covenants if each.state == BREACH]
    unread = [each for each in covenants if each.state == UNAVAILABLE]
    said = [f"{each.title_en} ({each.id}), since {each.breach_since}" for each in breached]
    if said:
        yield Paragraph(f"In breach: {'; '.join(said)}.", strong=True)
    if unread:
        names = ", ".join(each.id for each in unread)
        yield Paragraph(f"Nothing can be concluded of: {names}.", strong=True)
    if not said and not unread:
        yield Paragraph(f"All {len(covenants)} covenants are kept.")
    surplus = standing.base.surplus
    if surplus is None:
        yield Paragraph("Surplus or deficiency: unavailable.", strong=True)
    elif surplus < 0:
        yield Paragraph(f"Borrowing base deficiency: {_money(-surplus)}.", strong=True)
    else:
        yield Paragraph(f"Borrowing base surplus: {_money(surplus)}.")


def _base(at: Standing, currency: str) -> Iterator[Block]:
    base, pool = at.base, at.pool.all_loans
    yield Heading("Borrowing base")
    if at.facility.terms.currency != currency:
        own = at.facility.terms.currency
        yield Paragraph(f"Amounts are in {currency}; one {own} is {at.rate:f} {currency}.")
    rules = zip(at.facility.rules, at.pool.excluded, strict=True)
    excluded = [
        (f"less: {rule.reason_en} ({rule.id}), {tally.loans} loans", _money(tally.balance))
        for rule, tally in rules
    ]
    rows = [
        (f"Pool, {pool.loans} loans", _money(pool.balance)),
        *excluded,
        ("= eligible balance", _money(base.eligible)),
        ("less: discounts by days past due", _money(base.discounts)),
        *(
            (f"less: excess of {each.member} over {each.limit.percent:f} %", _money(each.excess))
            for each in at.excesses
            if each.excess
        ),
        ("= net eligible balance", _money(base.net_eligible)),
        (f"x advance rate {base.advance_percent:f} % = availability", _money(base.availability)),
        (f"plus: cash of {at.cash_on or 'the day'}", _money(base.cash)),
        ("less: drawn", _money(base.drawn)),
        ("= surplus (deficiency if negative)", _money(base.surplus)),
        ("Collateralisation, (net eligible + cash) / drawn", _percent(at.collateralisation)),
    ]
    yield Grid(("step", f"amount in {currency}"), rows, frozenset({1}))


def _covenants(covenants: Sequence[Covenant], monitor: Monitor) -> Iterator[Block]:
    yield Heading("Covenants")
    rows = []
    for each in covenants:
        sign = "at most" if each.direction == "at_most" else "at least"
        rows.append(
            (
                f"{each.title_en} ({each.id})",
                _computed(each),
                _figure(each.found.value, each.unit),
                f"{sign} {_figure(each.breach, each.unit)}",
                _figure(each.headroom, each.unit),
                _percent(each.headroom_percent),
                each.state if each.state != UNAVAILABLE else f"unavailable: {each.found.reason}",
                str(each.breach_since or "-"),
                str(each.outlook.days) if each.outlook.days is not None else each.outlook.course,
            )
        )
    columns = (
        *("covenant", "computation", "figure", "trigger", "headroom", "headroom % of trigger"),
        *("state", "breach since", "days to breach"),
    )
    yield Grid(columns, rows, frozenset({2, 3, 4, 5}))
    named = dict.fromkeys(each.figure for each in covenants)
    yield from (Paragraph(f"{name} = {_formula(name, monitor)}") for name in named)
    methods = dict.fromkeys(each.method for each in covenants)
    if methods:
        yield Paragraph(f"Days to breach by {' and '.join(methods)}; past 24 months none is given.")


def _basis(
    facility: Facility, covenants: Sequence[Covenant], monitor: Monitor
) -> Iterator[Paragraph]:
    """Say which figures are not of the pool where only a part of the book is pledged."""
    kpis = dict.fromkeys(e.figure for e in covenants if e.figure in monitor.definitions.kpis)
    if facility.pool is not None and kpis:
        yield Paragraph(f"Of the whole book, not of the pool alone: {', '.join(kpis)}.")


def _formula(figure: str, monitor: Monitor) -> str:
    """Say a figure's formula and its version: the KPI's own, or that of the product."""
    if figure in monitor.definitions.kpis:
        kpi = monitor.definitions.get(figure)
        return f"{kpi.measure}, version {kpi.version}"
    formula = STANDING_FORMULAS.get(figure) or RATIO_FORMULAS[figure]
    return f"{formula}, fintech-factory {__version__}"


def _computed(each: Covenant) -> str:
    part, whole = each.found.part, each.found.whole
    period = f", period to {each.period_end}" if each.period_end else ""
    if part is None or whole is None:
        return f"{each.figure}{period}"
    times = " x 100" if each.unit == "percent" else ""
    return f"{_money(part)} / {_money(whole)}{times}{period}"


def _calendar(facility: Facility, on: ViewDate) -> Iterator[Block]:
    owed = [
        (str(each.due_on), _money(each.interest), _money(each.principal), each.state)
        for each in payments(facility, on.cut_on)
    ]
    if owed:
        columns = ("due", "interest", "principal", "state")
        yield Heading(f"Payments in {facility.terms.currency}")
        yield Grid(columns, owed, frozenset({1, 2}))
    told = [
        (f"{each.title_en} ({each.id})", str(each.period_end), str(each.due_on), each.state)
        for each in duties(facility, on.cut_on)
    ]
    if told:
        yield Heading("Reports to the lender")
        yield Grid(("report", "period to", "due", "state"), told)


def _sources(
    monitor: Monitor, covenants: Sequence[Covenant], source: Provenance
) -> Iterator[Block]:
    yield Heading("Sources")
    statements = {each.period_end for each in covenants if each.financial}
    batches = {each.batch_id for each in monitor.facts.statements if each.period_end in statements}
    yield Grid(
        ("what", "value"),
        (
            ("run", source.run_id or "computed on demand, published by no run"),
            ("batches", ", ".join((*source.batch_ids, *sorted(batches)))),
            *((f"SHA-256 of {name}", sha256) for name, sha256 in source.files.items()),
            ("SHA-256 of the facility's terms", source.terms_sha256),
        ),
    )


def _signatures(facility: Facility) -> Iterator[Block]:
    yield Heading("Signature")
    yield Paragraph(
        f"For {facility.terms.borrower}: the figures above are those of our books and of the terms"
        f" agreed with {facility.terms.lender}."
    )
    yield Lines(("Name and office", "Place and date", "Signature"))


def _money(amount: Decimal | None) -> str:
    return "unavailable" if amount is None else f"{_cents(amount):,}"


def _percent(value: Decimal | None) -> str:
    return "unavailable" if value is None else f"{_cents(value):,} %"


def _figure(value: Decimal | None, unit: str) -> str:
    if value is None:
        return "unavailable"
    return f"{_cents(value):,}{' %' if unit == 'percent' else ''}"


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENTS, context=_WIDE)
