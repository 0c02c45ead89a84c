"""A desk to send from, on every database that the state can be in; peers to send to."""

import sys
from pathlib import Path

import pytest

from fintech_factory.distribution.dispatch import Dispatcher
from fintech_factory.state.store import State

# Tests are not a package; their builders are found beside them, peers in tests/peers.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from distribution_desk import Desk, HandClock, ScriptedChannel


@pytest.fixture
def desk(state: State) -> Desk:
    clock, channel = HandClock(), ScriptedChannel()
    dispatcher = Dispatcher(state, {"slack": channel}, clock, draw=lambda: 1.0)
    return Desk(state, clock, channel, dispatcher)
