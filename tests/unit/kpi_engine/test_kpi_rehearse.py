"""Rehearsing limits: strict, unrounded, and what is not known is never read as not fired."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine import Definitions, Reading, Status
from fintech_factory.kpi_engine.given_limits import given_limits
from fintech_factory.kpi_engine.limits import Direction, Limits
from fintech_factory.kpi_engine.rehearse import LevelRehearsal, is_firing, rehearse
from fintech_factory.values import LimitState, Unit

WARNING, CRITICAL = LimitState.WARNING, LimitState.CRITICAL


def ladder(
    direction: Direction = Direction.BAD_ABOVE, clear: str | None = None, **steps: str
) -> Limits:
    levels = tuple((LimitState(name), Decimal(limit)) for name, limit in steps.items())
    return Limits(direction, levels, ((WARNING, Decimal(clear)),) if clear else ())


def series(*values: str | None) -> list[Reading]:
    """One reading a month of 2025; None is not known."""
    return [
        Reading(
            kpi="a",
            definition_version=1,
            as_of=date(2025, month, 28),
            data_through=date(2025, 12, 31),
            unit=Unit.PERCENT,
            status=Status.OK if value else Status.UNAVAILABLE,
            reason="" if value else "no book",
            value=Decimal(value) if value else None,
            run_id="run-1",
        )
        for month, value in enumerate(values, start=1)
    ]


def warning(limits: Limits, *values: str | None) -> LevelRehearsal:
    return rehearse("a", limits, series(*values)).levels[0]


def months(level: LevelRehearsal) -> list[int]:
    return [each.as_of.month for each in level.fired]


def test_a_limit_fires_past_it_never_on_it_and_unrounded() -> None:
    level = warning(ladder(warning="5"), "5", "5.0000001", "4.9999", "6")
    assert months(level) == [2, 4]
    assert (level.longest, level.changes, level.warning) == (1, 3, "")


def test_a_kpi_that_is_bad_below_fires_below() -> None:
    level = warning(ladder(Direction.BAD_BELOW, warning="50"), "50", "49.999", "51")
    assert months(level) == [2]
    assert level.nearest_miss is not None
    assert (level.nearest_miss.as_of.month, level.nearest_miss.gap) == (1, 0)


def test_every_level_is_replayed_by_itself() -> None:
    found = rehearse("a", ladder(warning="3", critical="5"), series("4", "6", "2"))
    assert [months(level) for level in found.levels] == [[1, 2], [2]]
    assert found.current is LimitState.NONE


def test_a_limit_that_never_fires_is_called_out_with_its_nearest_miss() -> None:
    level = warning(ladder(warning="8"), "1", "7.5", "2")
    assert level.warning == "this rule would have fired 0 of 3 months: warning 8 never fires"
    assert level.nearest_miss is not None
    assert (level.nearest_miss.as_of.month, level.nearest_miss.gap) == (2, Decimal("0.5"))


def test_a_month_in_progress_is_counted_and_said_not_to_be_over() -> None:
    """The data end on the last reading's day, 28 March; on 31 March the month is over."""
    for through, said in ((28, "never fires (the last is not over)"), (31, "never fires")):
        day = date(2025, 3, through)
        readings = [replace(each, data_through=day) for each in series("1", "2", "3")]
        readings[-1] = replace(readings[-1], as_of=day)
        level = rehearse("a", ladder(warning="8"), readings).levels[0]
        assert (level.known, level.warning.endswith(said)) == (3, True)
        assert level.in_progress is (through != 31)


def test_a_limit_that_always_fires_is_called_out_and_misses_nothing() -> None:
    level = warning(ladder(warning="1"), "2", "3")
    assert level.warning == "this rule would have fired 2 of 2 months: warning 1 always fires"
    assert level.nearest_miss is None


def test_what_is_not_known_neither_fires_nor_clears() -> None:
    found = rehearse("a", ladder(warning="5"), series("6", None, "7", "1"))
    (level,) = found.levels
    assert (months(level), level.known) == ([1, 3], 3)
    assert (level.longest, level.changes) == (2, 1)
    assert [each.as_of.month for each in found.unavailable] == [2]


def test_a_last_date_that_is_not_known_leaves_the_state_unknown() -> None:
    assert rehearse("a", ladder(warning="5"), series("6", None)).current is None


def test_a_series_of_which_nothing_is_known_never_reads_as_never_fired() -> None:
    found = rehearse("a", ladder(warning="5"), series(None, None))
    assert found.warnings == ("no reading is known",)
    assert found.levels[0].warning == ""


def test_a_clear_limit_keeps_a_level_from_flapping() -> None:
    values = ("6", "4.5", "6", "4", "3.9", "4.5", "6")
    assert warning(ladder(warning="5"), *values).held is None
    level = warning(ladder(clear="4", warning="5"), *values)
    assert (months(level), level.changes) == ([1, 3, 7], 4)
    assert (level.held, level.changes_held) == (5, 2)


@pytest.mark.parametrize(
    ("direction", "value", "fires"),
    [
        (Direction.BAD_ABOVE, "4.0001", True),
        (Direction.BAD_ABOVE, "4", True),
        (Direction.BAD_ABOVE, "3.9999", False),
        (Direction.BAD_BELOW, "6", True),
        (Direction.BAD_BELOW, "6.0001", False),
    ],
)
def test_a_firing_level_clears_only_past_its_clear_limit(
    direction: Direction, value: str, *, fires: bool
) -> None:
    clear = "4" if direction is Direction.BAD_ABOVE else "6"
    limits = ladder(direction, clear=clear, warning="5")
    assert is_firing(limits, WARNING, Decimal(value), was_firing=True) is fires
    assert is_firing(limits, WARNING, Decimal(value), was_firing=False) is False


def test_given_limits_are_read_in_the_ladders_order(shipped: Definitions) -> None:
    limits = given_limits(
        shipped.get("par_90"), "critical=5, warning=3,clear.warning=2.5", confirm_small=False
    )
    assert limits.steps == ((WARNING, Decimal(3)), (CRITICAL, Decimal(5)))
    assert limits.clear == ((WARNING, Decimal("2.5")),)


@pytest.mark.parametrize(
    ("kpi", "text", "said"),
    [
        ("par_90", "warning=5,critical=3", "does not lie before critical"),
        ("par_90", "warning=0.05", "0.05 on a KPI in percent means 0.05 %"),
        ("par_90", "waring=3", "unknown limit `waring`"),
        ("par_90", "warning=3,warning=4", "warning is given twice"),
        ("par_90", "warning=three", "warning is no number"),
        ("par_90", "warning=nan", "warning is no number"),
        ("par_90", "", "unknown limit ``"),
        ("par_90", "clear.warning=2", "no limit is given"),
        ("par_90", "warning=3,clear.warning=4", "clear (4) lies past the limit (3)"),
        ("outstanding", "warning=3", "a neutral KPI has no limits"),
        ("portfolio_health", "warning=40,critical=50", "warning is the larger one"),
    ],
)
def test_given_limits_are_checked_as_the_files_are(
    shipped: Definitions, kpi: str, text: str, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        given_limits(shipped.get(kpi), text, confirm_small=False)
    assert said in str(refused.value)


def test_a_small_limit_may_be_confirmed(shipped: Definitions) -> None:
    limits = given_limits(shipped.get("collection_rate"), "warning=0.5", confirm_small=True)
    assert limits == shipped.get("collection_rate").limits


@pytest.mark.parametrize("kpi", ["par_90", "collection_rate", "portfolio_health"])
def test_the_shipped_limits_are_those_that_could_be_given(shipped: Definitions, kpi: str) -> None:
    own: Limits = shipped.get(kpi).limits
    text = ",".join(f"{state.value}={limit}" for state, limit in own.steps)
    read: Callable[..., Limits] = given_limits
    assert read(shipped.get(kpi), text, confirm_small=True) == own
