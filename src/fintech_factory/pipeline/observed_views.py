"""What the views of a book let its KPIs observe."""

from typing import TYPE_CHECKING

from fintech_factory.pipeline.view_facts import Asked, read_facts
from fintech_factory.views.makers.characteristics import (
    OBSERVED_AT,
    OBSERVED_UP_TO,
    VIEW,
    observe,
)
from fintech_factory.warehouse.protocol import Reader

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.observed import ObservedAt
    from fintech_factory.views.catalogue import Catalogue

__all__ = ["observed_at"]


def observed_at(reader: Reader, catalogue: "Catalogue", asked: Asked) -> "ObservedAt":
    """Give `effective_yield` (percent) and `wal_days` at each date, or why there is none."""
    facts = read_facts(reader, catalogue.get(VIEW), (OBSERVED_AT, OBSERVED_UP_TO), asked)
    return {each.date.as_of: observe(each) for each in facts}
