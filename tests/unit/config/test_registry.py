"""A plug-in is found by its file name, or by the entry point of an outside package."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from fintech_factory import registry
from fintech_factory.errors import UsageError
from fintech_factory.registry import Shelf, nearest, suggestion


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    package = tmp_path / "ff_shelf_of_tests"
    (package / "folder").mkdir(parents=True)
    for name in ("__init__", "cascade", "_private", "folder/__init__"):
        (package / f"{name}.py").write_text(f"NAME = {name!r}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._installed.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(registry, "entry_points", lambda *, group: [])  # noqa: ARG005
        yield Shelf("sources", "ff_shelf_of_tests")
    registry._installed.cache_clear()
    for name in [each for each in sys.modules if each.startswith("ff_shelf_of_tests")]:
        del sys.modules[name]


def outside(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    def found(*, group: str) -> list[EntryPoint]:
        assert group == "fintech_factory.sources"
        return [EntryPoint(name, value, group)]

    monkeypatch.setattr(registry, "entry_points", found)


def test_the_file_name_is_the_registration(shelf: Shelf) -> None:
    assert shelf.names() == ("cascade", "folder")
    assert vars(shelf.find("cascade"))["NAME"] == "cascade"


def test_an_unknown_name_says_where_it_looked_and_what_is_valid(shelf: Shelf) -> None:
    with pytest.raises(UsageError) as caught:
        shelf.find("cascde")
    assert "ff_shelf_of_tests.cascde" in caught.value.what
    assert "fintech_factory.sources" in caught.value.what
    assert caught.value.hint == "did you mean `cascade`?"
    with pytest.raises(UsageError) as caught:
        shelf.find("zzz")
    assert caught.value.hint == "valid names: cascade, folder"


@pytest.mark.parametrize("name", ["_private", "os", "..config", "folder.x", "", "cascade.x"])
def test_a_name_from_a_settings_file_is_never_a_module_path(shelf: Shelf, name: str) -> None:
    with pytest.raises(UsageError):
        shelf.find(name)


def test_an_outside_package_registers_by_entry_point(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside(monkeypatch, "ledger", "json")
    assert shelf.names() == ("cascade", "folder", "ledger")
    assert shelf.find("ledger").__name__ == "json"


def test_an_outside_package_does_not_replace_our_own(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside(monkeypatch, "cascade", "json")
    with pytest.raises(UsageError, match="both"):
        shelf.find("cascade")


@pytest.mark.parametrize("value", ["no_such_module_at_all", "json:absent", "json:dumps"])
def test_an_outside_package_that_cannot_be_used_says_so(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    outside(monkeypatch, "ledger", value)
    with pytest.raises(UsageError) as caught:
        shelf.find("ledger")
    assert value in caught.value.where


def test_an_error_inside_a_plug_in_is_its_own(shelf: Shelf, tmp_path: Path) -> None:
    broken = tmp_path / "ff_shelf_of_tests" / "broken.py"
    broken.write_text("raise RuntimeError('mine')\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="mine"):
        shelf.find("broken")


def test_the_nearest_name_ignores_case() -> None:
    assert nearest("PAR_9", ["par_90", "outstanding"]) == "par_90"
    assert nearest("x", ["par_90"]) is None
    assert suggestion("x", []) == "no name is valid here"
