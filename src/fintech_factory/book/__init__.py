"""The synthetic loan book: an export in the Cascade format that nobody ever borrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fintech_factory.book.manifest import BookFile, BookManifest
from fintech_factory.book.plan import BookPlan, parse_instalments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["BookFile", "BookManifest", "BookPlan", "generate", "parse_instalments"]


def generate(
    plan: BookPlan, out: Path, progress: Callable[[int], None] | None = None
) -> BookManifest:
    """Write the book that `plan` describes into the empty or new folder `out`.

    The same plan gives the same bytes, however many threads write them. `progress` is told how
    many loans each chunk adds. Raises UsageError when `out` holds anything already.
    """
    from fintech_factory.book.make import make_book  # numpy and duckdb are heavy

    return make_book(plan, out, progress)
