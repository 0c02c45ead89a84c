"""Probability of default, loss given default and both, by hand and beside exact fractions."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.analytics.expected_loss import (
    default_curve,
    expected_loss,
    matrix_of,
    realised,
)

D = Decimal
STATES = ("current", "1-30", "lost")
LOST = {"lost"}
MATRIX = {
    "current": {"repaid": D("0.5"), "current": D("0.4"), "1-30": D("0.1")},
    "1-30": {"repaid": D("0.5"), "lost": D("0.5")},
}


def test_months_are_averaged_by_what_they_held() -> None:
    matrix = matrix_of([("a", "b", 1), ("a", "repaid", 2), ("a", "b", 1)])
    assert matrix == {"a": {"b": D("0.5"), "repaid": D("0.5")}}
    assert matrix_of([("a", "b", 0)]) == {}


def test_a_default_within_n_months_is_the_matrix_to_the_power_n() -> None:
    """current: 0 in one month; 0.1 x 0.5 in two; 0.4 x 0.05 + 0.05 in three."""
    curve = default_curve(MATRIX, STATES, LOST, 3)
    assert curve.curves["current"] == (D(0), D(0), D("0.05"), D("0.07"))
    assert curve.curves["1-30"] == (D(0), D("0.5"), D("0.5"), D("0.5"))
    assert curve.within("current", 99) == D("0.07")


def test_a_repaid_loan_is_no_cure_and_does_not_come_back() -> None:
    """All repay within a month: nobody is left to default later."""
    curve = default_curve({"current": {"repaid": D(1)}}, STATES, LOST, 60)
    assert curve.within("current", 60) == 0


def test_what_comes_back_from_default_has_defaulted() -> None:
    curing = MATRIX | {"lost": {"current": D(1)}}
    assert default_curve(curing, STATES, LOST, 3).curves == (
        default_curve(MATRIX, STATES, LOST, 3).curves
    )


def test_a_state_nobody_was_in_takes_the_next_worse_and_says_so() -> None:
    states = ("current", "1-30", "31-60", "61-90", "lost")
    seen = {"current": {"31-60": D("0.1"), "repaid": D("0.9")}, "31-60": {"lost": D("0.3")}}
    curve = default_curve(seen, states, LOST, 2)
    assert curve.within("1-30", 2) == curve.within("31-60", 2) == D("0.3")
    assert curve.within("61-90", 1) == 1
    assert curve.basis["1-30"] == curve.basis["61-90"] == "next worse state"
    assert (curve.basis["31-60"], curve.basis["lost"]) == ("observed", "default")


@given(st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=4, max_size=4))
def test_powers_are_exact_to_twelve_places(counts: list[list[int]]) -> None:
    states = ("a", "b", "c", "d", "lost")
    rolls = [
        (start, end, count)
        for start, row in zip(states, counts, strict=False)
        for end, count in zip(("repaid", *states[1:]), row, strict=True)
    ]
    matrix = matrix_of(rolls)
    curve = default_curve(matrix, states, LOST, 24)
    exact = dict.fromkeys(states, Fraction(0)) | {"lost": Fraction(1)}
    for _ in range(24):
        exact = {state: stepped(state, rolls, states, exact) for state in states}
    for state in states:
        assert abs(Fraction(curve.within(state, 24)) - exact[state]) < Fraction(1, 10**12)


def stepped(
    state: str, rolls: list[tuple[str, str, int]], states: tuple[str, ...], before: object
) -> Fraction:
    """One month by exact fractions; a state without rolls is as the next worse."""
    if state == "lost":
        return Fraction(1)
    mine = [(end, count) for start, end, count in rolls if start == state]
    whole = sum(count for _, count in mine)
    if not whole:
        return stepped(states[states.index(state) + 1], rolls, states, before)
    known: dict[str, Fraction] = dict(before)  # type: ignore[call-overload]
    return sum((known.get(end, Fraction(0)) * count for end, count in mine), Fraction(0)) / whole


def lgd(*defaults: tuple[int, int, int]) -> tuple[Decimal, str, Decimal | None]:
    told = realised(
        [(loans, D(owed), D(back)) for loans, owed, back in defaults],
        min_loans=3, floor=D("0.25"), without_history=D("0.45"),
    )  # fmt: skip
    return told.used, told.basis, told.realised


def test_lgd_is_what_did_not_come_back_all_defaults_together() -> None:
    """1,000 owed, 400 recovered; not the average of 100 % and 20 %."""
    assert lgd((2, 250, 0), (1, 750, 600)) == (D("0.4"), "realised", D("0.4"))
    assert lgd((3, 1000, 400)) == (D("0.6"), "realised", D("0.6"))


def test_lgd_is_never_below_its_floor_and_says_so() -> None:
    assert lgd((3, 1000, 900)) == (D("0.25"), "floor", D("0.1"))


def test_too_few_defaults_are_not_enough_history() -> None:
    assert lgd((2, 1000, 100)) == (D("0.45"), "not enough history", D("0.9"))
    assert lgd() == (D("0.45"), "not enough history", None)


def test_the_loss_is_pd_times_lgd_times_exposure() -> None:
    assert expected_loss(D(1000), (D(0), D("0.1")), D("0.45")) == 45
    assert expected_loss(D(1000), (D(0), D("0.1")), D("0.45"), pd_times=D("1.5")) == D("67.5")
    assert expected_loss(D(1000), (D(0), D("0.8")), D("0.45"), pd_times=D("1.5")) == 450


def test_a_loss_a_year_away_is_discounted_by_a_year() -> None:
    """All default in month 12: 1,100 x 0.5 x 0.4 / 1.1 = 200; what is in default now is not."""
    late = (*(D(0) for _ in range(12)), D("0.5"))
    assert expected_loss(D(1100), late, D("0.4"), discount_a_year=D("0.1")) == 200
    assert expected_loss(D(1100), (D(1),), D("0.4"), discount_a_year=D("0.1")) == 440
    assert expected_loss(D(1100), late, D("0.4"), discount_a_year=D(0)) == 220
