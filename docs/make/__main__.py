"""Renews the output that the pages written by hand show below their commands."""

import sys
import tempfile
from pathlib import Path

from docs_book import furnish
from docs_console import Shell, needs_of, renewed, steps_in
from docs_pages import ROOT, shown


def renew(path: Path) -> bool:
    """Run a page's commands and write it again if anything it shows has changed."""
    page = path.read_text(encoding="utf-8")
    if not steps_in(page):
        return False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        furnish(folder, needs_of(page))
        fresh = renewed(page, Shell(folder))
    if fresh != page:
        path.write_text(fresh, encoding="utf-8")
    return fresh != page


if __name__ == "__main__":
    for each in shown():
        if renew(each):
            sys.stdout.write(f"wrote {each.relative_to(ROOT)}\n")
