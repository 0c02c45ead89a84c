"""Fixtures of the ingestion tests; what they are made of is in ingestion_book.py."""

import sys
from pathlib import Path
from typing import Any

import pytest

# Tests are not a package; their builders are found beside them.
sys.path.insert(0, str(Path(__file__).parent))

from ingestion_book import ARRIVED_ON, Export, Lander, make_export, place_in

from fintech_factory.clock import FixedClock
from fintech_factory.ingestion import Arrival, Landing, Place, land


@pytest.fixture
def export() -> Export:
    return make_export()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


@pytest.fixture
def lands(place: Place) -> Lander:
    def lands(*sources: Path, **said: Any) -> Landing:  # noqa: ANN401 - what Arrival takes
        return land(Arrival(sources, **said), place, FixedClock(ARRIVED_ON))

    return lands
