"""What holds for every pool, limit, base and covenant."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fintech_factory.analytics.borrowing_base import BorrowingBase
from fintech_factory.analytics.breach import Course, Trigger, by_path, by_trend
from fintech_factory.analytics.concentration import Cell, Limit, excesses
from fintech_factory.analytics.rolls import NEW, Rolled, average_rolls, project

MONEY = st.decimals(0, 10_000_000, places=6)
PERCENT = st.decimals(0, 100, places=2)
LEVEL = st.decimals(-50, 150, places=3)
DAY = date(2025, 6, 30)
STATES = ("current", "1-30", "31-60", "written off")


@st.composite
def bases(draw: st.DrawFn) -> BorrowingBase:
    parts = [draw(MONEY) for _ in range(3)]
    return BorrowingBase(sum(parts, Decimal(0)), parts[0], parts[1], draw(PERCENT), *(
        draw(MONEY) for _ in range(3)
    ))  # fmt: skip


@given(bases(), PERCENT)
def test_the_base_is_eligible_less_discounts_less_excess_and_a_lower_rate_never_gives_more(
    base: BorrowingBase, percent: Decimal
) -> None:
    from dataclasses import replace

    assert base.net_eligible + base.discounts + base.excess == base.eligible
    assert base.surplus == base.availability + (base.cash or 0) - base.drawn
    low, high = sorted((percent, base.advance_percent))
    lower, higher = replace(base, advance_percent=low), replace(base, advance_percent=high)
    assert lower.availability <= higher.availability <= max(base.net_eligible, Decimal(0))
    assert (lower.surplus or 0) <= (higher.surplus or 0)


@st.composite
def pools(draw: st.DrawFn) -> list[Cell]:
    amounts = draw(st.lists(MONEY, min_size=1, max_size=12))
    cells = [
        Cell(
            f"B{no}" if no < 5 else None,
            no + 1 if no < 5 else None,
            draw(st.sampled_from("pq")),
            draw(st.sampled_from("NS")),
            draw(st.sampled_from("xyz")),
            amount,
        )
        for no, amount in enumerate(amounts)
    ]
    return list(
        {(each.borrower, each.product, each.entity, each.state): each for each in cells}.values()
    )


LIMITS = st.lists(
    st.builds(
        Limit,
        st.just("limit"),
        st.sampled_from(("borrower", "top", "product", "entity", "state")),
        PERCENT,
        st.integers(1, 5),
    ),
    max_size=5,
)


@given(pools(), LIMITS)
def test_limits_never_deduct_more_than_there_is_nor_anything_twice(
    cells: list[Cell], limits: list[Limit]
) -> None:
    eligible = sum((each.counted for each in cells), Decimal(0))
    found = excesses(cells, limits, eligible)
    assert all(each.excess >= 0 for each in found)
    assert sum((each.excess for each in found), Decimal(0)) <= eligible
    # A limit that was applied is kept: applied again it takes no more.
    if limits:
        again = excesses(cells, [*limits, limits[-1]], eligible)
        assert sum(each.excess for each in again) == sum(each.excess for each in found)


@given(pools(), LIMITS, PERCENT)
def test_a_stricter_limit_never_deducts_less(
    cells: list[Cell], limits: list[Limit], percent: Decimal
) -> None:
    eligible = sum((each.counted for each in cells), Decimal(0))
    for limit in limits:
        low, high = sorted((limit.percent, percent))
        taken = [
            sum(each.excess for each in excesses(
                cells, [Limit("limit", limit.per, each, limit.largest)], eligible))
            for each in (low, high)
        ]  # fmt: skip
        assert taken[0] >= taken[1]


def order(course: Course, days: int | None) -> int:
    """Put outlooks in order: breached, then by days, then beyond."""
    assert course is not Course.UNKNOWN
    return -1 if course is Course.BREACHED else 10**6 if days is None else days


@given(st.lists(LEVEL, min_size=2, max_size=25), st.lists(LEVEL, min_size=2, max_size=6),
       st.booleans())  # fmt: skip
def test_more_headroom_never_means_fewer_days(
    path: list[Decimal],
    levels: list[Decimal],
    at_most: bool,  # noqa: FBT001 - drawn
) -> None:
    ordered = sorted(levels, reverse=not at_most)
    points = [(date(2025, month, 28), value) for month, value in zip((4, 5, 6), path, strict=False)]
    for outlooks in (
        [by_path(path, DAY, Trigger(level, at_most)) for level in ordered],
        [by_trend(points, (DAY, path[-1]), Trigger(level, at_most)) for level in ordered]
        if len(points) == 3
        else [],
    ):
        places = [order(each.course, each.days) for each in outlooks]
        assert all(tight <= loose for tight, loose in pairwise(places))


@st.composite
def rolled(draw: st.DrawFn) -> list[Rolled]:
    rows = []
    for state in STATES:
        outcomes = draw(st.lists(st.integers(0, 1000), min_size=5, max_size=5))
        for outcome, amount in zip((*STATES, "repaid"), outcomes, strict=True):
            closing = Decimal(0) if outcome == "repaid" else Decimal(amount)
            rows.append(Rolled(3, state, outcome, Decimal(amount), closing))
    rows.append(Rolled(3, NEW, "current", Decimal(0), Decimal(draw(st.integers(0, 3000)))))
    return rows


@settings(max_examples=50)
@given(rolled(), st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_a_projection_makes_no_money(rows: list[Rolled], start: list[int]) -> None:
    """What rolls on is at most what there was and what was lent, whatever the rates."""
    rolls = average_rolls(rows)
    assert rolls is not None
    path, _ = project(dict(zip(STATES, map(Decimal, start), strict=True)), rolls, 24)
    lent = sum(rolls.new.values(), Decimal(0))
    for now, then in pairwise(path):
        assert sum(then.values()) <= sum(now.values()) + lent + Decimal("1e-4")
        assert all(balance >= 0 for balance in then.values())
