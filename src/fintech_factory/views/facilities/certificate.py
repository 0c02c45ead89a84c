"""The compliance certificate of a facility: every figure with its computation and its source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory import __version__
from fintech_factory.analytics.statement_ratios import FORMULAS as RATIO_FORMULAS
from fintech_factory.errors import UsageError
from fintech_factory.i18n import Language, Words, words
from fintech_factory.views.document import Block, Document, Grid, Heading, Lines, Paragraph
from fintech_factory.views.facilities.agenda import Duty, duties, payments
from fintech_factory.views.facilities.covenants import BOOK, BREACH, POOL, UNAVAILABLE, Covenant
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


@dataclass(frozen=True, slots=True)
class _Writing:
    """What one certificate speaks of, with the words of its language."""

    monitor: Monitor
    facility: Facility
    on: ViewDate
    source: Provenance
    covenants: Sequence[Covenant]
    words: Words

    def say(self, phrase: str, **filled: object) -> str:
        """Give a phrase of the document's language."""
        return self.words.say(phrase, **filled)

    def word(self, written: str) -> str:
        """Give a word or a sentence of the product in the document's language."""
        return self.words.sentence(written)

    def title(self, of: Covenant | Duty) -> str:
        """Give a title that the facility's terms say in both languages."""
        return of.title_es if self.words.language == "es" else of.title_en

    def money(self, amount: Decimal | None) -> str:
        """Write an amount, `1,234.56` in both languages."""
        return self.say("unavailable") if amount is None else f"{_cents(amount):,}"

    def percent(self, value: Decimal | None) -> str:
        """Write a percentage, `1,234.56 %` in both languages."""
        return self.figure(value, "percent")

    def figure(self, value: Decimal | None, unit: str) -> str:
        """Write a figure in its unit."""
        if value is None:
            return self.say("unavailable")
        return f"{_cents(value):,}{' %' if unit == 'percent' else ''}"


def certificate(  # noqa: PLR0913 - one document, in one of its forms
    monitor: Monitor,
    facility: Facility,
    on: ViewDate,
    source: Provenance,
    *,
    draft: bool,
    language: Language = Language.EN,
) -> Document:
    """Write the certificate of a facility at a date, in English or Spanish.

    Numbers are written alike in both: 1,234.56 and ISO days (`i18n.Words`).

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
            + "; ".join(" ".join(each) for each in lacking),
            where="--as-of",
            hint="supply what is named; --draft writes it with the gaps marked",
        )
    it = _Writing(monitor, facility, on, source, covenants, words(language))
    blocks = [
        *(_draft(it, lacking) if draft else ()),
        *_head(it),
        *_conclusion(it, standing),
        *_base(it, standing),
        *_covenants(it),
        *_basis(it),
        *_calendar(it),
        *_sources(it),
        *_signatures(it),
    ]
    title = it.say("certificate", name=facility.terms.name)
    return Document(it.say("draft_title", title=title) if draft else title, language, blocks)


_BASE = "borrowing base"


def _lacking(standing: Standing | str, covenants: Sequence[Covenant]) -> Iterator[tuple[str, ...]]:
    """Name every figure that is unavailable, with what it needs."""
    if isinstance(standing, str):
        yield (standing,)
    elif standing.reason:
        yield _BASE, standing.reason
    for each in covenants:
        if each.state == UNAVAILABLE:
            yield each.id, each.found.reason


def _draft(it: _Writing, lacking: Sequence[tuple[str, ...]]) -> Iterator[Block]:
    yield Paragraph(it.say("draft"), strong=True)
    for *names, reason in lacking:
        named = [it.say("base").lower() if name == _BASE else name for name in names]
        what = " ".join((*named, it.word(reason)))
        yield Paragraph(it.say("unavailable_is", what=what), strong=True)


def _head(it: _Writing) -> Iterator[Block]:
    terms, on = it.facility.terms, it.on
    period = {"begins": terms.begins_on, "ends": terms.ends_on}
    yield Grid(
        ("", ""),
        (
            (it.say("facility"), f"{terms.name} ({it.facility.id})"),
            (it.say("lender"), terms.lender),
            (it.say("borrower"), terms.borrower),
            (it.say("in_force"), it.say("from_to" if terms.ends_on else "from_on", **period)),
            (
                it.say("as_of"),
                it.say("in_progress", day=on.as_of) if on.partial else str(on.as_of),
            ),
            (
                it.say("data_through"),
                it.say("counted_to", through=it.source.data_through, cut_on=on.cut_on),
            ),
        ),
    )
    yield Paragraph(it.say("numbers"))


def _conclusion(it: _Writing, standing: Standing) -> Iterator[Block]:
    yield Heading(it.say("conclusion"))
    breached = [each for each in it.covenants if each.state == BREACH]
    unread = [each for each in it.covenants if each.state == UNAVAILABLE]
    said = [
        it.say("breached", title=it.title(each), id=each.id, since=each.breach_since)
        for each in breached
    ]
    if said:
        yield Paragraph(it.say("in_breach", what="; ".join(said)), strong=True)
    if unread:
        names = ", ".join(each.id for each in unread)
        yield Paragraph(it.say("nothing_concluded", names=names), strong=True)
    if not said and not unread:
        yield Paragraph(it.say("all_kept", count=len(it.covenants)))
    surplus = standing.base.surplus
    if surplus is None:
        yield Paragraph(it.say("surplus_unavailable"), strong=True)
    elif surplus < 0:
        yield Paragraph(it.say("deficiency_of", amount=it.money(-surplus)), strong=True)
    else:
        yield Paragraph(it.say("surplus_of", amount=it.money(surplus)))


def _base(it: _Writing, at: Standing) -> Iterator[Block]:
    currency, own = it.monitor.reporting_currency, at.facility.terms.currency
    yield Heading(it.say("base"))
    if own != currency:
        yield Paragraph(it.say("amounts_in", currency=currency, own=own, rate=f"{at.rate:f}"))
    yield Grid(
        (it.say("step"), it.say("amount_in", currency=currency)),
        [(step, it.money(amount)) for step, amount in _steps(it, at)]
        + [(it.say("collateralisation"), it.percent(at.collateralisation))],
        frozenset({1}),
    )


def _steps(it: _Writing, at: Standing) -> Iterator[tuple[str, Decimal | None]]:
    """Go from the pool to the surplus, every step with its amount."""
    base, pool = at.base, at.pool.all_loans
    yield it.say("pool_of", loans=pool.loans), pool.balance
    for rule, tally in zip(at.facility.rules, at.pool.excluded, strict=True):
        reason = rule.reason_es if it.words.language == "es" else rule.reason_en
        said = it.say("less_rule", reason=reason, id=rule.id, loans=tally.loans)
        yield said, tally.balance
    yield it.say("eligible"), base.eligible
    yield it.say("less_discounts"), base.discounts
    for each in at.excesses:
        if each.excess:
            of = each.limit
            member = it.say("largest", count=of.largest) if of.per == "top" else each.member
            yield it.say("less_excess", member=member, percent=f"{of.percent:f}"), each.excess
    yield it.say("net_eligible"), base.net_eligible
    yield it.say("availability", percent=f"{base.advance_percent:f}"), base.availability
    cash = it.say("plus_cash", day=at.cash_on) if at.cash_on else it.say("plus_cash_unknown")
    yield cash, base.cash
    yield it.say("less_drawn"), base.drawn
    yield it.say("surplus"), base.surplus


def _covenants(it: _Writing) -> Iterator[Block]:
    yield Heading(it.say("covenants"))
    columns = (
        *("covenant", "computation", "figure", "trigger", "headroom", "headroom_percent"),
        *("state", "breach_since", "days_to_breach"),
    )
    rows = [_covenant(it, each) for each in it.covenants]
    yield Grid([it.say(column) for column in columns], rows, frozenset({2, 3, 4, 5}))
    for name in dict.fromkeys(each.figure for each in it.covenants):
        yield Paragraph(it.say("formula", name=name, formula=_formula(it, name)))
    methods = [it.word(name) for name in dict.fromkeys(each.method for each in it.covenants)]
    if methods:
        first, *more = methods
        for each in more:
            first = it.say("and", first=first, second=each)
        yield Paragraph(it.say("days_by", methods=first))


def _covenant(it: _Writing, of: Covenant) -> tuple[str, ...]:
    sign = "at_most" if of.direction == "at_most" else "at_least"
    state = (
        it.say("unavailable_since", reason=it.word(of.found.reason))
        if of.state == UNAVAILABLE
        else it.word(of.state)
    )
    return (
        f"{it.title(of)} ({of.id})",
        _computed(it, of),
        it.figure(of.found.value, of.unit),
        it.say(sign, level=it.figure(of.breach, of.unit)),
        it.figure(of.headroom, of.unit),
        it.percent(of.headroom_percent),
        state,
        str(of.breach_since or "-"),
        it.word(of.outlook.course) if of.outlook.days is None else str(of.outlook.days),
    )


def _basis(it: _Writing) -> Iterator[Paragraph]:
    """Say which figures are not of the pool where only a part of the book is pledged."""
    known = it.monitor.definitions.kpis
    of_book = (each for each in it.covenants if each.basis == BOOK)
    kpis = dict.fromkeys(each.id for each in of_book if each.figure in known)
    if it.facility.pool is not None and kpis:
        yield Paragraph(it.say("whole_book", names=", ".join(kpis)))


def _formula(it: _Writing, figure: str) -> str:
    """Say a figure's formula and its version: that of the product, or the KPI's own."""
    formula = STANDING_FORMULAS.get(figure) or RATIO_FORMULAS.get(figure)
    if formula is not None:
        return it.say("of_product", formula=it.word(formula), version=__version__)
    kpi = it.monitor.definitions.get(figure)
    return it.say("version", formula=kpi.measure, version=kpi.version)


def _computed(it: _Writing, each: Covenant) -> str:
    part, whole = each.found.part, each.found.whole
    period = f", {it.say('period_to', end=each.period_end)}" if each.period_end else ""
    # A monitor's figure is computed from the pool as the certificate shows it above.
    is_pools = each.basis == POOL and each.figure not in STANDING_FORMULAS
    of = f", {it.say('of_pool')}" if is_pools else ""
    if part is None or whole is None:
        return f"{each.figure}{period}{of}"
    times = " x 100" if each.unit == "percent" else ""
    return f"{it.money(part)} / {it.money(whole)}{times}{period}{of}"


def _calendar(it: _Writing) -> Iterator[Block]:
    owed = [
        (str(each.due_on), it.money(each.interest), it.money(each.principal), it.word(each.state))
        for each in payments(it.facility, it.on.cut_on)
    ]
    if owed:
        columns = [it.say(name) for name in ("due", "interest", "principal", "state")]
        yield Heading(it.say("payments_in", currency=it.facility.terms.currency))
        yield Grid(columns, owed, frozenset({1, 2}))
    told = [
        (
            f"{it.title(each)} ({each.id})",
            *(str(each.period_end), str(each.due_on), it.word(each.state)),
        )
        for each in duties(it.facility, it.on.cut_on)
    ]
    if told:
        yield Heading(it.say("reports"))
        yield Grid([it.say(name) for name in ("report", "period", "due", "state")], told)


def _sources(it: _Writing) -> Iterator[Block]:
    yield Heading(it.say("sources"))
    statements = {each.period_end for each in it.covenants if each.financial}
    landed = it.monitor.facts.statements
    batches = {each.batch_id for each in landed if each.period_end in statements}
    source = it.source
    yield Grid(
        (it.say("what"), it.say("value")),
        (
            (it.say("run"), source.run_id or it.say("no_run")),
            (it.say("batches"), ", ".join((*source.batch_ids, *sorted(batches)))),
            *((it.say("sha256_of", file=name), sha256) for name, sha256 in source.files.items()),
            (it.say("sha256_of_terms"), source.terms_sha256),
        ),
    )


def _signatures(it: _Writing) -> Iterator[Block]:
    terms = it.facility.terms
    yield Heading(it.say("signature"))
    yield Paragraph(it.say("declaration", borrower=terms.borrower, lender=terms.lender))
    yield Lines([it.say(name) for name in ("name_office", "place_date", "signature")])


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENTS, context=_WIDE)
