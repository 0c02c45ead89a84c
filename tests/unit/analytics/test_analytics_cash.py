"""Expected cash of a book that a person can add up."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.analytics.cash import (
    Opening,
    Period,
    Projection,
    Scenario,
    expected_month,
    project,
)
from fintech_factory.analytics.experience import Experience

D = Decimal
# Due: 8 in 10 paid, else late. Late: half paid, half written off. A tenth is paid a month early,
# and a tenth of what is written off comes back in a month.
SEEN = Experience(
    {
        "due": {"paid": D("0.8"), "1-30": D("0.2")},
        "later": {"paid": D("0.1"), "later": D("0.9")},
        "1-30": {"paid": D("0.5"), "written off": D("0.5")},
        "written off": {"paid": D("0.1"), "written off": D("0.9")},
    },
    {"due": D("0.05"), "later": D("0.02"), "1-30": D("0.1"), "written off": D("0.5")},
)
BOOK = Opening((D(100), D(50)), D(0), {"1-30": D(40)}, written_off=D(10), undated=D(5))


def run_off(book: Opening, scenario: Scenario) -> Projection:
    return project(book, SEEN, {"it": scenario})["it"]


def conserved(book: Opening, periods: Projection) -> None:
    came = D(0)
    for each in periods:
        came += each.principal
        assert came + each.lost + each.outstanding == book.balance


def test_the_first_period_by_hand() -> None:
    """100 due: 80 come. 50 due later: 5 come early. 40 late: 20 come, 20 are written off.

    Of the 10 that are written off, 1 comes back.
    Beside it: 80 x 5 % + 5 x 2 % + 20 x 10 % + 1 x 50 %.
    """
    first, _ = run_off(BOOK, Scenario(recovery=D("0.5"), lag=1))
    assert first == Period(
        contractual=D(100), from_due=D(80), from_late=D(20), prepaid=D(5), recovered=D(1),
        charges=D("6.6"), written_off=D(20), outstanding=D(70), lost=D(29),
    )  # fmt: skip
    assert (first.principal, first.total) == (D(106), D("112.6"))


def test_the_second_period_by_hand() -> None:
    """Of the 100, 20 are late: 10 come, 10 are lost. Of 50, 45 are left to fall due: 36 come.

    Half of the 20 written off a period ago comes, and a tenth of the 9 that were left before.
    """
    _, second = run_off(BOOK, Scenario(recovery=D("0.5"), lag=1))
    assert (second.from_due, second.from_late, second.prepaid) == (D(46), D(0), D(0))
    assert (second.recovered, second.written_off) == (D("10.9"), D(10))
    assert (second.outstanding, second.lost) == (D(14), D("28.1"))


def test_nothing_is_lost_on_the_way() -> None:
    conserved(BOOK, run_off(BOOK, Scenario(recovery=D("0.5"), lag=1)))
    stress = Scenario(D(2), D("0.5"), D(0), D(0), 12)
    conserved(BOOK, run_off(BOOK, stress))


def test_prepayment_times_moves_cash_ahead_and_not_away() -> None:
    calm, quick = run_off(BOOK, Scenario()), run_off(BOOK, Scenario(prepayment_times=D(3)))
    assert (calm[0].prepaid, quick[0].prepaid) == (D(5), D(15))
    assert quick[1].from_due < calm[1].from_due


def test_prepayment_cannot_exceed_what_there_is() -> None:
    first, second = run_off(BOOK, Scenario(prepayment_times=D(99)))
    assert first.prepaid == 50
    assert second.from_due == 10


def test_default_times_doubles_what_is_written_off() -> None:
    """A late unit is lost by half, so all of it; a due one by a tenth, so a fifth."""
    base = run_off(BOOK, Scenario(recovery=D(0)))
    worse = run_off(BOOK, Scenario(default_times=D(2), recovery=D(0)))
    assert [each.written_off for each in base] == [20, 10]
    assert [each.written_off for each in worse] == [40, 20]
    assert worse[0].from_late == 0


def test_without_its_own_figure_recovery_is_a_year_of_the_measured_month() -> None:
    """1 of the stock at once; of the 20 written off, 1 - 0.9^12 comes in the same period."""
    first, _ = run_off(BOOK, Scenario())
    assert first.recovered == D(1) + (20 * D("0.717570463519")).quantize(D("1e-6"))


def test_recovery_comes_after_its_lag() -> None:
    first, second = run_off(BOOK, Scenario(recovery_times=D(0), recovery=D(1), lag=1))
    assert (first.recovered, second.recovered) == (0, 20)


def test_what_has_no_experience_or_no_date_is_not_expected() -> None:
    odd = Opening((D(0),), D(7), {"91-180": D(30)}, undated=D(5))
    (only,) = project(odd, Experience({}), {"it": Scenario()})["it"]
    assert (only.principal, only.outstanding) == (0, 42)


def test_a_month_is_expected_class_by_class() -> None:
    """100 x 0.8 + 40 x 0.5 = 100; beside it 4 + 2."""
    assert expected_month({"due": D(100), "1-30": D(40), "31-60": D(9)}, SEEN) == (100, 6)


CLASSES = ("due", "later", "1-30", "31-60", "settled", "written off")
ENDS = ("paid", "later", "1-30", "31-60", "settled", "written off")
WEIGHTS = st.lists(st.integers(0, 9), min_size=len(ENDS), max_size=len(ENDS))
AMOUNT = st.integers(0, 10**9).map(lambda cents: D(cents) / 100)


@st.composite
def experiences(draw: st.DrawFn) -> Experience:
    """Any chain of classes; one that nobody was ever in has no row."""
    shares = {}
    for name in CLASSES:
        weights = draw(WEIGHTS)
        if whole := sum(weights):
            shares[name] = {
                end: (D(weight) / whole).quantize(D("1e-18"))
                for end, weight in zip(ENDS, weights, strict=True)
                if weight
            }
    return Experience(shares)


OPENINGS = st.builds(
    Opening,
    due=st.tuples(AMOUNT, AMOUNT, AMOUNT),
    beyond=AMOUNT,
    late=st.dictionaries(st.sampled_from(["1-30", "31-60", "settled"]), AMOUNT),
    written_off=AMOUNT,
    undated=AMOUNT,
)
TIMES = st.integers(0, 50).map(lambda tenths: D(tenths) / 10)
SCENARIOS = st.builds(
    Scenario,
    default_times=TIMES,
    prepayment_times=TIMES,
    recovery_times=TIMES,
    recovery=st.none() | st.integers(0, 100).map(lambda percent: D(percent) / 100),
    lag=st.integers(0, 4),
)
# Each flow is rounded to a millionth: so many of them may together take so much too much.
DUST = D("1e-4")


@given(OPENINGS, experiences(), SCENARIOS)
def test_any_scenario_of_any_experience_conserves_principal(
    opening: Opening, experience: Experience, scenario: Scenario
) -> None:
    periods = project(opening, experience, {"it": scenario})["it"]
    conserved(opening, periods)
    for each in periods:
        flows = (each.from_due, each.from_late, each.prepaid, each.recovered, each.written_off)
        assert all(flow >= 0 for flow in flows)
        assert each.outstanding > -DUST
        assert each.lost > -DUST


@given(OPENINGS, experiences(), TIMES, TIMES)
def test_more_default_never_brings_more_cash(
    opening: Opening, experience: Experience, some: Decimal, more: Decimal
) -> None:
    """Recovery left aside: what is lost is lost."""
    low, high = sorted((some, more))
    both = project(
        opening,
        experience,
        {
            "low": Scenario(low, recovery_times=D(0), recovery=D(0)),
            "high": Scenario(high, recovery_times=D(0), recovery=D(0)),
        },
    )
    came = {name: sum(each.principal for each in periods) for name, periods in both.items()}
    assert came["high"] <= came["low"] + DUST
