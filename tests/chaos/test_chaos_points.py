"""Killed at any point between a reading and its receipt, nothing is lost and nothing said twice."""

import signal

import pytest
from chaos_points import DOUBTFUL, POINTS
from chaos_world import Make, Undisturbed

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_killed_at_a_named_point(
    make: Make, undisturbed: Undisturbed, point: str, nth: int
) -> None:
    world = make()
    assert world.kill("run", point=point, nth=nth) == -signal.SIGKILL
    world.settle()
    repeats = world.check()
    assert world.story() == undisturbed.story
    world.state.close()
    if point not in DOUBTFUL:
        assert repeats == 0
