"""Makes one book: a clean one, and then the faults that were asked for."""

import hashlib
import shutil
import time
from dataclasses import replace
from pathlib import Path

from fintech_factory.book.dice import stream
from fintech_factory.book.hazards.breaches import open_book, plant_breaches
from fintech_factory.book.hazards.key import Planted, write_key
from fintech_factory.book.hazards.oddities import plant_oddities
from fintech_factory.book.hazards.sheet import Sheet
from fintech_factory.book.hazards.variants import plant_variants
from fintech_factory.book.manifest import BookFile, BookManifest
from fintech_factory.book.plan import BookPlan
from fintech_factory.book.press import Printed, Progress, print_clean
from fintech_factory.errors import UsageError

__all__ = ["make_book"]

VARIANT_LOANS, VARIANT_MONTHS = 200, 12


def make_book(plan: BookPlan, out: Path, progress: Progress | None = None) -> BookManifest:
    """Write the whole book; see `fintech_factory.book.generate`."""
    started = time.perf_counter()
    _claim(out)
    printed = print_clean(plan, out, progress)
    planted = _plant(plan, out, printed) if plan.hazards else []
    return BookManifest(
        files=_reread(out) if plan.hazards else printed.files,
        data_through=plan.until,
        first_day=plan.first_day,
        loans=plan.loans,
        seed=plan.seed,
        hazards=len(planted),
        seconds=time.perf_counter() - started,
    )


def _claim(out: Path) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError(
            "the folder for the book is not empty" if out.is_dir() else "this is a file",
            where=str(out),
            hint="name a new or an empty folder; a book never overwrites anything",
        )
    out.mkdir(parents=True, exist_ok=True)


def _plant(plan: BookPlan, out: Path, printed: Printed) -> list[Planted]:
    sheets = {name: Sheet(out / f"{name}.csv", rows) for name, rows in printed.head_rows.items()}
    book = open_book(sheets, plan.until, stream(plan.seed, 5))
    plant_oddities(book)  # first, so that a copied row carries its oddity along
    plant_breaches(book)
    planted = [each for sheet in sheets.values() for each in sheet.rewrite()]
    planted += _plant_variants(plan, out)
    write_key(out / "hazards.json", planted)
    return planted


def _plant_variants(plan: BookPlan, out: Path) -> list[Planted]:
    folder, clean, mixed = out / "variants", out / ".clean", out / ".mixed"
    small = replace(
        plan, loans=VARIANT_LOANS, months=VARIANT_MONTHS, currencies=("USD",), hazards=False
    )
    for place, part in ((clean, small), (mixed, replace(small, currencies=("USD", "GTQ")))):
        place.mkdir()
        print_clean(part, place)
    try:
        folder.mkdir()
        return plant_variants(clean, mixed, folder)
    finally:
        shutil.rmtree(clean)
        shutil.rmtree(mixed)


def _reread(out: Path) -> tuple[BookFile, ...]:
    """Count and hash every file again: planting changed and added some."""
    return tuple(_file(path, out) for path in sorted(out.rglob("*")) if path.is_file())


def _file(path: Path, out: Path) -> BookFile:
    digest, size, lines = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
            lines += block.count(b"\n")
    # What lies in variants/ may be broken on purpose: nobody knows what a row of it is.
    is_table = path.parent == out and path.suffix == ".csv"
    name = path.relative_to(out).as_posix()
    return BookFile(name, lines - 1 if is_table else None, size, digest.hexdigest())
