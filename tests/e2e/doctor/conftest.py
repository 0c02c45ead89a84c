"""A workspace in which everything is right, to be broken; and quick ways to look at it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# Tests are not a package; what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from doctor_world import MADE_AT

from fintech_factory.app import settings_files
from fintech_factory.clock import FixedClock, SystemClock
from fintech_factory.config import loading
from fintech_factory.config.reading import shown_path
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book
from small_disk import small_disk

_check_kpis, _load = settings_files._check_kpis, loading.load


class _Same:
    """Equal to all others: what was checked depends on the content alone."""

    def __init__(self, held: Any) -> None:  # noqa: ANN401 - any file
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same)

    def __hash__(self) -> int:
        return 0


@cache
def _problems(content: bytes, same: _Same) -> Any:  # noqa: ANN401, ARG001 - problems
    workspace, loaded = same.held
    return tuple(_check_kpis(workspace, loaded))


@cache
def _read(content: bytes, same: _Same) -> Any:  # noqa: ANN401, ARG001 - a loaded file
    return _load(*same.held)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the worked examples of the same KPI file once: it takes two seconds each time."""

    def check(workspace: Any, loaded: Any) -> Any:  # noqa: ANN401 - as it has them
        return _problems(loaded.path.read_bytes(), _Same((workspace, loaded)))

    def load(path: Path, model: Any) -> Any:  # noqa: ANN401 - as it has them
        if path.name != "kpi_definitions.yaml" or not path.is_file():
            return _load(path, model)
        held = _read(path.read_bytes(), _Same((path, model)))
        return replace(held, path=path, shown_path=shown_path(path))

    monkeypatch.setattr(settings_files, "_check_kpis", check)
    monkeypatch.setattr(loading, "load", load)


@pytest.fixture(scope="session")
def healthy(
    small_book: Book,
    empty_workspace: Path,
    factory: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A workspace in which an export is published and nothing is wrong: copy it, never write."""
    root = tmp_path_factory.mktemp("healthy") / "workspace"
    shutil.copytree(empty_workspace, root)
    small_book.land(Workspace(root).raw("cascade"), FixedClock(MADE_AT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda _: MADE_AT)
        run = factory(root, "run", "--json")
        assert run.document["status"] == "published", run.out
        assert factory(root, "alerts", "deliver").code == 0
    return root


@pytest.fixture
def root(healthy: Path, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    folder = tmp_path / "workspace"
    shutil.copytree(healthy, folder)
    return folder


@pytest.fixture
def edit(root: Path) -> Callable[[str, str, str], None]:
    """Change one place of a file of the workspace."""

    def replace(name: str, old: str, new: str) -> None:
        path = root / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 60 MB in memory."""
    with small_disk(tmp_path / "disk", "size=60m") as place:
        yield place
