"""Figures that views observe of the book, for KPIs to read."""

from collections.abc import Iterable
from datetime import date

from fintech_factory.kpi_engine.observed import Observed, ObservedAt
from fintech_factory.pipeline.view_facts import Asked, read_facts
from fintech_factory.views.catalogue import View
from fintech_factory.views.makers import OBSERVING
from fintech_factory.warehouse.protocol import Reader

__all__ = ["observed_by"]


def observed_by(reader: Reader, views: Iterable[View], asked: Asked) -> ObservedAt:
    """Give what the views' makers observe at each date asked for, by figure.

    A view without a maker, or whose maker observes nothing, adds nothing.
    """
    observed: dict[date, dict[str, Observed]] = {on.as_of: {} for on in asked.dates}
    for view in views:
        if view.name not in OBSERVING or view.maker is None:
            continue
        observer = view.maker.observer
        if observer is None:
            continue
        for facts in read_facts(reader, view, (observer.at, observer.up_to), asked):
            observed[facts.date.as_of].update(observer.observe(facts))
    return observed
