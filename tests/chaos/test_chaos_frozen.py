"""A sender that is stopped past its lease and goes on later: nothing lost, no unmarked repeat.

CHAOS_MOMENTS adds the points that take longest; without it one of each kind is tried.
"""

import os
from collections import Counter
from typing import Any

import pytest
from chaos_world import Make, World

pytestmark = pytest.mark.chaos

_SHORT = [("delivery.leased", 1), ("delivery.begun", 1), ("delivery.sent", 1)]
_LONG = [
    *(("delivery.answered", nth) for nth in (1, 2)),
    *((point, 2) for point in ("delivery.begun", "delivery.sent")),
    ("delivery.in_transaction", 1),
    ("delivery.recorded", 1),
]
POINTS = [*_SHORT, *(_LONG if "CHAOS_MOMENTS" in os.environ else [])]
# Stopped here, it has given nothing to any provider yet.
_NOTHING_SENT = {"delivery.leased"}
_KEEPS_OTHERS_FROM_WRITING = {"delivery.in_transaction"}


@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_a_sender_that_stood_still_past_its_lease(make: Make, point: str, nth: int) -> None:
    world = make()
    frozen = world.run.frozen(world.root, "run", point=point, nth=nth)
    world.kills = 1
    given = Counter(each.key for each in world.received())
    before = _taken_over(world)
    assert world.run.thaw(frozen) in {0, 3}, (world.root / "frozen.txt").read_text()
    # What the one that took over has written stands.
    after = {row["key"]: row for row in world.rows("outbox")}
    assert {key: after[key] for key in before} == before
    for _ in range(5):
        if _all_told(world):
            break
        assert world.run(world.root, "alerts", "deliver", "--wait", "10") in {0, 3}, world.said()
    assert _all_told(world)
    _check(world, given, point)
    assert world.run(world.root, "audit", "verify") == 0, world.said()
    world.state.close()


def _taken_over(world: World) -> dict[str, dict[str, Any]]:
    """Let another process send all that it can; give what it ended.

    Stopped while it writes, a sender keeps everybody else from writing: they are told so.
    """
    for _ in range(5):
        code = world.run(world.root, "alerts", "deliver", "--wait", "10", busy_s=1)
        if code == 1:
            assert "another process is writing to the operational database" in world.said()
            break
        assert code in {0, 3}, world.said()
        if _all_told(world):
            break
    return {row["key"]: row for row in world.rows("outbox") if row["status"] == "delivered"}


def _all_told(world: World) -> bool:
    return {row["status"] for row in world.rows("outbox")} == {"delivered"}


def _check(world: World, given: Counter[str], point: str) -> None:
    outside = {
        row["key"]: row for row in world.rows("outbox") if row["channel"] in {"slack", "webhook"}
    }
    received = world.received()
    assert {each.key for each in received} == set(outside)
    attempts = world.rows("attempt")
    for key, row in outside.items():
        taken = [each for each in received if each.key == key]
        # Twice is only what the stopped one gave to the provider. One of the two is marked: the
        # later, unless it was stopped after it had looked at its lease, before the request.
        assert sum(not each.is_marked for each in taken) <= 1
        if len(taken) > 1:
            assert point not in _NOTHING_SENT
        words = Counter(each["word"] for each in attempts if each["outbox"] == row["sequence"])
        assert not words["started"]
        # Each attempt says what truly became of it: as many were accepted as the peer took.
        # Whoever was kept from writing until its own lease ended could not say so.
        assert words["accepted"] <= len(taken) <= words["accepted"] + words["unknown"], words
        assert not words["unknown"] or point in _KEEPS_OTHERS_FROM_WRITING
    assert given <= Counter(each.key for each in received)
