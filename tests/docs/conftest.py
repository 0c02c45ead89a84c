"""Makes the modules of docs/make importable, and what the pages' commands need, once a session."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "make"))

from docs_book import furnish
from docs_console import Shell


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...], Path], None]:
    """Give a folder what a page asks for; the same asked for twice is made once and copied."""
    made: dict[tuple[str, ...], Path] = {}

    def give(needs: tuple[str, ...], folder: Path) -> None:
        if needs not in made:
            made[needs] = tmp_path_factory.mktemp("needs")
            furnish(made[needs], needs)
        shutil.copytree(made[needs], folder, dirs_exist_ok=True)

    return give


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in a folder of its own."""
    return Shell(tmp_path.resolve())
