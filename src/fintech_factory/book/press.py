"""Prints a book: draws it chunk by chunk while the chunk before is written to its files."""

import csv
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from fintech_factory.book.borrowers import cut, draw_borrowers
from fintech_factory.book.columns import (
    AMOUNT_BUCKETS,
    ASSETS,
    LOAN_COUNTS,
    SELECTS,
    STATUSES,
    TERM_BUCKETS,
)
from fintech_factory.book.dictionary import DICTIONARY
from fintech_factory.book.loans import FREQUENCIES, PRODUCTS
from fintech_factory.book.manifest import BookFile
from fintech_factory.book.pages import Page, draw_chunk, draw_rates, pages_of, rows_of
from fintech_factory.book.places import CHANNELS, CITIES, KINDS
from fintech_factory.book.plan import BookPlan

__all__ = ["Printed", "Progress", "print_clean"]

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Printed:
    """The files of a book, and how many rows of each came from the first chunk."""

    files: tuple[BookFile, ...]
    head_rows: dict[str, int]


def print_clean(plan: BookPlan, out: Path, progress: Progress | None = None) -> Printed:
    """Write the seven files of a book without hazards into `out`."""
    borrowers, rates = draw_borrowers(plan), draw_rates(plan)
    heads: dict[str, int] = {}
    with _Press(plan, out) as press, ThreadPoolExecutor(1) as writer:
        pending: Future[None] | None = None
        for number, run in enumerate(cut(borrowers.loans)):
            pages = pages_of(plan, borrowers, rates, draw_chunk(plan, borrowers, run, number))
            heads = heads or {name: rows_of(page) for name, page in pages.items()}
            if pending is not None:
                pending.result()  # at most one chunk waits: memory stays flat
            pending = writer.submit(press.print, pages)
            if progress is not None:
                progress(int(borrowers.loans[run].sum()))
        if pending is not None:
            pending.result()
        files = press.finish()
    return Printed(files, {**heads, "export_definitions": len(DICTIONARY)})


class _Press:
    """Appends pages to the files of the export."""

    def __init__(self, plan: BookPlan, out: Path) -> None:
        import duckdb

        self._out = out
        self._page = out / ".page.csv"
        self._connection = duckdb.connect()
        # Threads may print a page in any order unless they are told not to.
        self._connection.execute("SET preserve_insertion_order = true")
        self._hashes = {name: hashlib.sha256() for name in SELECTS}
        self._rows = dict.fromkeys(SELECTS, 0)
        self._sizes = dict.fromkeys(SELECTS, 0)
        self._files = {name: (out / f"{name}.csv").open("wb") for name in SELECTS}
        for name, values in _names(plan).items():
            self._connection.execute(f"SET VARIABLE {name} = $1", [list(values)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        self._connection.close()
        self._page.unlink(missing_ok=True)

    def print(self, pages: dict[str, Page]) -> None:
        for name, page in pages.items():
            self._append(name, page)

    def _append(self, name: str, page: Page) -> None:
        headed = self._sizes[name] == 0
        self._connection.register("page", {k: np.ascontiguousarray(v) for k, v in page.items()})
        relation: Any = self._connection.sql(SELECTS[name])
        relation.write_csv(str(self._page), header=headed)
        self._connection.unregister("page")
        with self._page.open("rb") as printed:
            while block := printed.read(1 << 20):
                self._hashes[name].update(block)
                self._sizes[name] += self._files[name].write(block)
        self._rows[name] += rows_of(page)

    def finish(self) -> tuple[BookFile, ...]:
        files = [
            BookFile(f"{name}.csv", self._rows[name], self._sizes[name], digest.hexdigest())
            for name, digest in self._hashes.items()
        ]
        return (*files, _print_dictionary(self._out / "export_definitions.csv"))


def _names(plan: BookPlan) -> dict[str, list[str | None]]:
    return {
        "products": list(PRODUCTS),
        "frequencies": list(FREQUENCIES),
        "currencies": list(plan.currencies),
        "statuses": list(STATUSES),
        "amount_buckets": [name for name, _ in AMOUNT_BUCKETS],
        "term_buckets": [name for name, _ in TERM_BUCKETS],
        "loan_counts": list(LOAN_COUNTS),
        "cities": [city for city, _ in CITIES],
        "states": [state for _, state in CITIES],
        "kinds": list(KINDS),
        "channels": list(CHANNELS),
        "assets": list(ASSETS),
    }


def _print_dictionary(path: Path) -> BookFile:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sheet", "variable", "description"))
        writer.writerows(DICTIONARY)
    written = path.read_bytes()
    return BookFile(path.name, len(DICTIONARY), len(written), hashlib.sha256(written).hexdigest())
