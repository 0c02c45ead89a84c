# ruff: noqa: T201 - a script beside the pages it writes, not a package; it says what it did
"""Writes the pages of docs/reference that say what the code says."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

__all__ = ["main", "pages", "stale"]

ROOT = Path(__file__).resolve().parents[1]
_WRITERS = ROOT / "docs" / "make"


def pages() -> Mapping[Path, str]:
    """Give every generated page with the text it must have."""
    if str(_WRITERS) not in sys.path:
        sys.path.append(str(_WRITERS))
    generated: Callable[[], Mapping[Path, str]] = import_module("docs_pages").generated
    return generated()


def stale() -> dict[Path, str]:
    """Give the pages that do not say what the code says, with the text they must have."""
    return {
        path: text
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is stale; with --check only name it, and give 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    is_check = parser.parse_args(arguments).check
    outdated = stale()
    for path, text in outdated.items():
        name = path.relative_to(ROOT)
        print(f"{name} is stale" if is_check else f"wrote {name}")
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if is_check and outdated:
        print("hint: python docs/generate.py")
    return int(is_check and bool(outdated))


if __name__ == "__main__":
    raise SystemExit(main())
