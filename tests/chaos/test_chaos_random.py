"""Killed at random moments, once or several times in a row: the same holds.

CHAOS_MOMENTS says how many (8 by default), CHAOS_SEED which; the seed is printed.
"""

import os
import random
import secrets
from hashlib import sha256

import pytest
from chaos_points import POINTS
from chaos_world import Make, Undisturbed

pytestmark = pytest.mark.chaos

MOMENTS = int(os.environ.get("CHAOS_MOMENTS", "8"))


@pytest.fixture(scope="session")
def seed() -> int:
    said = os.environ.get("CHAOS_SEED")
    # Workers of one run share its name.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)
    return int(said) if said else int(sha256(run.encode()).hexdigest()[:5], 16)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_at_random(make: Make, undisturbed: Undisturbed, seed: int, moment: int) -> None:
    dice = random.Random(f"{seed}/{moment}")  # noqa: S311 - no secret: it is to be repeated
    print(f"CHAOS_SEED={seed}, moment {moment}")  # noqa: T201 - whoever sees it fail repeats it
    world = make()
    for _ in range(dice.randint(1, 3)):
        command = ("run",) if dice.random() < 0.7 else ("alerts", "deliver", "--wait", "5")
        if dice.random() < 0.5:
            # Half of them in the last third, where messages are sent.
            share = dice.random() if dice.random() < 0.5 else 0.6 + 0.4 * dice.random()
            world.kill(*command, after_s=share * undisturbed.seconds)
        else:
            point, _ = dice.choice(POINTS)
            world.kill(*command, point=point, nth=dice.randint(1, 6))
    world.settle()
    world.check()
    assert world.story() == undisturbed.story
    world.state.close()
