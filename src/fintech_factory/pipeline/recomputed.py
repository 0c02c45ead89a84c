"""Recomputes everything that is published by the second engine alone."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from fintech_factory.kpi_engine import Definitions, Reading, compare
from fintech_factory.kpi_engine.definitions import is_measured
from fintech_factory.pipeline import reading_table
from fintech_factory.pipeline.day import Book, recompute_dates
from fintech_factory.warehouse.protocol import Build, Reader

__all__ = ["recompute_published"]


def recompute_published(
    version: Reader,
    book_of: Callable[[str], Book],
    scratch: Callable[[], AbstractContextManager[Build]],
) -> tuple[tuple[Reading, ...], int]:
    """Judge every published reading by a second engine's that is made now, from its own export.

    A reading that was carried over is held to the export of its run. One that an older definition
    made, or that only one engine can make, is left out. Gives the judged ones, and how many are
    published in all.
    """
    by_batch: dict[str, list[Reading]] = {}
    published = reading_table.all_readings(version)
    for reading in published:
        by_batch.setdefault(reading.batch_ids[0], []).append(reading)
    judged = tuple(
        each
        for batch_id, readings in by_batch.items()
        for each in _judged(book_of(batch_id), readings, scratch)
    )
    return judged, len(published)


def _judged(
    book: Book, readings: Sequence[Reading], scratch: Callable[[], AbstractContextManager[Build]]
) -> tuple[Reading, ...]:
    mine = [each for each in readings if _is_comparable(each, book.definitions)]
    made = {(each.kpi, each.as_of) for each in mine}
    with scratch() as build:
        second = recompute_dates(build, book, tuple(sorted({each.as_of for each in mine})))
    same = [each for each in second if (each.kpi, each.as_of) in made]
    return compare(book.definitions, mine, same)


def _is_comparable(reading: Reading, definitions: Definitions) -> bool:
    kpi = definitions.kpis.get(reading.kpi)
    return kpi is not None and kpi.version == reading.definition_version and is_measured(kpi)
