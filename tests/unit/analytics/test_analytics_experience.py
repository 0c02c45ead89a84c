"""What became of instalments, on shares that a person can follow."""

from decimal import Decimal

from fintech_factory.analytics.experience import (
    Experience,
    Response,
    Roll,
    measure,
    recovered_in_a_year,
    respond,
    scaled,
)

D = Decimal
# Of what falls due 8 in 10 are paid, the rest is late; of that half is paid and half lost.
SIMPLE = Experience(
    {
        "due": {"paid": D("0.8"), "1-30": D("0.2")},
        "1-30": {"paid": D("0.5"), "written off": D("0.5")},
    },
    {"due": D("0.05"), "1-30": D("0.1")},
)


def test_a_part_payment_counts_as_paid_and_its_rest_rolls() -> None:
    shares = measure([Roll("due", "paid", D(80), D(0)), Roll("due", "1-30", D(20), D(15))])
    assert shares == {"due": {"paid": D("0.85"), "1-30": D("0.15")}}


def test_months_are_added_up_before_they_are_divided() -> None:
    """100 all paid and 300 not paid at all: a quarter, not a half."""
    shares = measure([Roll("due", "paid", D(100), D(0)), Roll("due", "1-30", D(300), D(300))])
    assert shares["due"]["paid"] == D("0.25")


def test_a_class_with_nothing_in_it_has_no_experience() -> None:
    assert measure([Roll("1-30", "31-60", D(0), D(0))]) == {}


def test_one_unit_is_followed_to_its_end() -> None:
    unit = respond(SIMPLE, "due", 3)
    assert unit.paid == (D("0.8"), D("0.1"), D(0))
    assert unit.lost == (D(0), D("0.1"), D(0))
    assert unit.charges == (D("0.04"), D("0.01"), D(0))
    assert (unit.ever_paid, unit.ever_lost) == (D("0.9"), D("0.1"))


def test_what_ends_after_the_last_period_is_known_too() -> None:
    unit = respond(SIMPLE, "due", 1)
    assert unit.paid == (D("0.8"),)
    assert (unit.ever_paid, unit.ever_lost) == (D("0.9"), D("0.1"))


def test_what_falls_due_on_the_last_day_is_due_again_next_month() -> None:
    waiting = Experience({"due": {"paid": D("0.5"), "later": D("0.5")}})
    assert respond(waiting, "due", 3).paid == (D("0.5"), D("0.25"), D("0.125"))


def test_nothing_is_assumed_of_a_class_that_was_never_seen() -> None:
    unit = respond(SIMPLE, "91-180", 2)
    assert unit.paid == unit.lost == (D(0), D(0))
    assert unit.ever_paid == unit.ever_lost == 0


def test_a_chain_that_never_ends_comes_to_an_end() -> None:
    turning = Experience({"due": {"1-30": D(1)}, "1-30": {"later": D(1)}})
    assert respond(turning, "due", 2).ever_paid == 0


def test_twice_the_losses_leave_less_to_be_paid_at_the_same_time() -> None:
    """0.2 is lost instead of 0.1, so 0.8 is paid instead of 0.9: each payment is 8/9 of itself."""
    unit = scaled(respond(SIMPLE, "due", 3), D(2))
    assert unit.lost == (D(0), D("0.2"), D(0))
    assert unit.paid[0] == (D("0.8") * 8 / 9).quantize(D("1e-18"))
    assert sum(unit.paid) + sum(unit.lost) == 1


def test_more_than_everything_cannot_be_lost() -> None:
    unit = scaled(respond(SIMPLE, "due", 3), D(50))
    assert (sum(unit.paid), sum(unit.lost)) == (0, 1)


def test_without_losses_all_that_moves_is_paid() -> None:
    unit = scaled(respond(SIMPLE, "due", 3), D(0))
    assert (sum(unit.paid), sum(unit.lost)) == (1, 0)


def test_what_moves_no_more_stays_in_every_scenario() -> None:
    """A quarter is stuck in a class that was never seen: at worst the other three are lost."""
    stuck = Response((D("0.5"),), (D(0),), (D("0.25"),), D("0.5"), D("0.25"))
    assert scaled(stuck, D(9)).lost == (D("0.75"),)
    assert scaled(stuck, D(0)).paid == (D("0.75"),)


def test_what_was_never_paid_is_not_paid_by_a_better_scenario() -> None:
    lost = Response((D(0),), (D(0),), (D(1),), D(0), D(1))
    assert scaled(lost, D("0.5")).paid == (D(0),)
    assert scaled(lost, D("0.5")).lost == (D("0.5"),)


def test_a_years_recovery_is_twelve_months_of_what_is_left() -> None:
    """1 - 0.9^12 = 0.717570463519."""
    monthly = Experience({"written off": {"paid": D("0.1"), "written off": D("0.9")}})
    assert recovered_in_a_year(monthly) == D("0.717570463519")
    assert recovered_in_a_year(Experience({})) == 0
