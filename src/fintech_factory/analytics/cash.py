"""Expected cash of a book in run-off: what falls due, what comes early, late or after write-off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fintech_factory.analytics.experience import (
    DUE,
    LATER,
    WIDE,
    WRITTEN_OFF,
    Experience,
    Response,
    recovered_in_a_year,
    respond,
    rounded,
    scaled,
)

__all__ = ["Opening", "Period", "Projection", "Scenario", "expected_month", "project"]

_ZERO, _ONE = Decimal(0), Decimal(1)
_MONEY = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the future differs from what was measured.

    - `default_times` (CDR x): times the share that is ever written off.
    - `prepayment_times` (CPR x): times the share paid a month or more ahead of its due date.
    - `recovery_times`: times the monthly recovery of what is written off already.
    - `recovery`: share recovered of what the scenario writes off, in one sum `lag` periods later;
      None takes what the measured recovery gives in a year.
    """

    default_times: Decimal = _ONE
    prepayment_times: Decimal = _ONE
    recovery_times: Decimal = _ONE
    recovery: Decimal | None = None
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """The principal of a book at a date.

    `due[t]` falls due in period t (from 0), `beyond` after the last; `late` is past its day, by
    class; `undated` has no instalment.
    """

    due: tuple[Decimal, ...]
    beyond: Decimal = _ZERO
    late: Mapping[str, Decimal] = field(default_factory=dict)
    written_off: Decimal = _ZERO
    undated: Decimal = _ZERO

    @property
    def balance(self) -> Decimal:
        """The whole: what is expected, lost and left adds up to it."""
        dated = sum(self.due, self.beyond) + sum(self.late.values(), _ZERO)
        return dated + self.written_off + self.undated


@dataclass(frozen=True, slots=True)
class Period:
    """What one period is expected to bring, in money at 6 places.

    `from_due` is paid in or after the period in which it falls due, `from_late` was past due at
    the start, `prepaid` comes before its period, `recovered` after write-off. `written_off` goes
    out of the outstanding; `outstanding` and `lost` (written off, not recovered) are at its end.
    """

    contractual: Decimal
    from_due: Decimal
    from_late: Decimal
    prepaid: Decimal
    recovered: Decimal
    charges: Decimal
    written_off: Decimal
    outstanding: Decimal
    lost: Decimal

    @property
    def principal(self) -> Decimal:
        """All principal expected."""
        return self.from_due + self.from_late + self.prepaid + self.recovered

    @property
    def total(self) -> Decimal:
        """All cash expected."""
        return self.principal + self.charges


Projection = tuple[Period, ...]


def project(
    opening: Opening, experience: Experience, scenarios: Mapping[str, Scenario]
) -> dict[str, Projection]:
    """Give each period of the run-off, by scenario: nothing is lent anew, a period is a month long.

    After every period: opening balance = principal expected so far + lost + outstanding, exactly.
    """
    periods = len(opening.due)
    units = {name: respond(experience, name, periods) for name in (DUE, *opening.late)}
    return {
        name: _run_off(opening, experience, scenario, units) for name, scenario in scenarios.items()
    }


def _run_off(
    opening: Opening, experience: Experience, scenario: Scenario, units: Mapping[str, Response]
) -> Projection:
    periods = len(opening.due)
    flows = _Flows(periods)
    for when, amount in enumerate((*opening.due, opening.beyond)):
        if amount:
            _add_due(flows, amount, _until_due(units[DUE], experience, scenario, when), when)
    for name, amount in opening.late.items():
        flows.add("from_late", amount, scaled(units[name], scenario.default_times))
    recovered = _recovered(opening, experience, scenario, flows.money("written_off"))
    flows.recover(recovered, experience.charge(WRITTEN_OFF))
    return tuple(_periods(opening, flows))


@dataclass(frozen=True, slots=True)
class _Early:
    """One unit that is not due yet: paid ahead or written off before, then as it falls due."""

    prepaid: tuple[Decimal, ...]
    response: Response


def _until_due(due: Response, experience: Experience, scenario: Scenario, when: int) -> _Early:
    """Give what becomes of one unit that falls due in period `when`."""
    periods = len(due.paid)
    lost_share = experience.shares.get(LATER, {}).get(WRITTEN_OFF, _ZERO)
    paid_share = min(experience.paid(LATER) * scenario.prepayment_times, _ONE - lost_share)
    stays = _ONE - paid_share - lost_share
    alive, early, lost = _ONE, [], []
    for _ in range(when):
        early.append(rounded(WIDE.multiply(alive, paid_share)))
        lost.append(rounded(WIDE.multiply(alive, lost_share)))
        alive = rounded(WIDE.multiply(alive, stays))

    def after(flow: Sequence[Decimal]) -> list[Decimal]:
        return [rounded(WIDE.multiply(alive, each)) for each in flow]

    paid = [*early, *after(due.paid)][:periods]
    charge = experience.charge(LATER)
    charges = [rounded(WIDE.multiply(each, charge)) for each in early] + after(due.charges)
    whole = Response(
        tuple(paid),
        tuple(charges[:periods]),
        tuple([*lost, *after(due.lost)][:periods]),
        rounded(sum(early, _ZERO) + WIDE.multiply(alive, due.ever_paid)),
        rounded(sum(lost, _ZERO) + WIDE.multiply(alive, due.ever_lost)),
    )
    response = scaled(whole, scenario.default_times)
    return _Early(response.paid[:when], response)


def _add_due(flows: "_Flows", amount: Decimal, unit: _Early, when: int) -> None:
    late = (_ZERO,) * when + unit.response.paid[when:]
    flows.add_shares("prepaid", amount, unit.prepaid)
    flows.add_shares("from_due", amount, late)
    flows.add_shares("charges", amount, unit.response.charges)
    flows.add_shares("written_off", amount, unit.response.lost)


class _Flows:
    """Sums of expected flows by kind and period, unrounded until they are read."""

    def __init__(self, periods: int) -> None:
        kinds = ("from_due", "from_late", "prepaid", "recovered", "charges", "written_off")
        self._sums = {kind: [_ZERO] * periods for kind in kinds}

    def add(self, kind: str, amount: Decimal, unit: Response) -> None:
        """Add what an amount brings, with its charges and its loss."""
        self.add_shares(kind, amount, unit.paid)
        self.add_shares("charges", amount, unit.charges)
        self.add_shares("written_off", amount, unit.lost)

    def add_shares(self, kind: str, amount: Decimal, shares: Sequence[Decimal]) -> None:
        sums = self._sums[kind]
        for period, share in enumerate(shares):
            sums[period] += WIDE.multiply(amount, share)

    def recover(self, recovered: Sequence[Decimal], charge: Decimal) -> None:
        for period, amount in enumerate(recovered):
            self._sums["recovered"][period] += amount
            self._sums["charges"][period] += WIDE.multiply(amount, charge)

    def money(self, kind: str) -> list[Decimal]:
        return [each.quantize(_MONEY, context=WIDE) for each in self._sums[kind]]


def _recovered(
    opening: Opening, experience: Experience, scenario: Scenario, written_off: Sequence[Decimal]
) -> list[Decimal]:
    """Give what is recovered: of the stock by a monthly rate, of what joins it after the lag."""
    rate = min(experience.paid(WRITTEN_OFF) * scenario.recovery_times, _ONE)
    share = recovered_in_a_year(experience) if scenario.recovery is None else scenario.recovery
    stock, came = opening.written_off, []
    for period in range(len(opening.due)):
        old = WIDE.multiply(stock, rate).quantize(_MONEY, context=WIDE)
        stock -= old
        lost = written_off[period - scenario.lag] if period >= scenario.lag else _ZERO
        came.append(old + WIDE.multiply(lost, share).quantize(_MONEY, context=WIDE))
    return came


def _periods(opening: Opening, flows: _Flows) -> Iterable[Period]:
    """Round each flow to money and take what is left by subtraction, so that nothing is lost."""
    outstanding = opening.balance - opening.written_off
    lost = opening.written_off
    kinds = ("from_due", "from_late", "prepaid", "recovered", "charges", "written_off")
    for contractual, *amounts in zip(opening.due, *(flows.money(k) for k in kinds), strict=True):
        from_due, from_late, prepaid, recovered, charges, written_off = amounts
        outstanding -= from_due + from_late + prepaid + written_off
        lost += written_off - recovered
        yield Period(
            contractual, from_due, from_late, prepaid, recovered, charges, written_off,
            outstanding, lost,
        )  # fmt: skip


def expected_month(
    opening: Mapping[str, Decimal], experience: Experience
) -> tuple[Decimal, Decimal]:
    """Give the principal and the charges that one month brings of what was open by class."""
    principal = charges = _ZERO
    for name, amount in opening.items():
        part = WIDE.multiply(amount, experience.paid(name))
        principal += part
        charges += WIDE.multiply(part, experience.charge(name))
    return principal.quantize(_MONEY, context=WIDE), charges.quantize(_MONEY, context=WIDE)
