"""A settings file is read once for the same content; what says something else is read anew."""

import os
from pathlib import Path

import pytest

from fintech_factory.config import FactorySettings, load
from fintech_factory.config import loading as module
from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine import KpiFile, read_definitions

CONFIG = Path(__file__).resolve().parents[3] / "config"
FACTORY = (CONFIG / "factory.yaml").read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "factory.yaml"
    made.write_text(FACTORY, encoding="utf-8")
    return made


def test_the_same_content_is_the_same_object(path: Path) -> None:
    assert load(path, FactorySettings) is load(path, FactorySettings)


def test_changed_content_is_read_anew_whatever_its_time_and_size_say(path: Path) -> None:
    before, was = load(path, FactorySettings), path.stat()
    path.write_text(FACTORY.replace("port: 8321", "port: 8322"), encoding="utf-8")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert path.stat().st_size == was.st_size
    after = load(path, FactorySettings)
    assert (before.value.serve.port, after.value.serve.port) == (8321, 8322)


def test_a_broken_file_is_refused_each_time_and_good_again_once_it_is(path: Path) -> None:
    load(path, FactorySettings)
    path.write_text(FACTORY.replace("port: 8321", "port: many"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError):
            load(path, FactorySettings)
    path.unlink()
    with pytest.raises(ConfigError):
        load(path, FactorySettings)
    path.write_text(FACTORY, encoding="utf-8")
    assert load(path, FactorySettings).value.serve.port == 8321


def test_the_same_content_elsewhere_has_its_own_place(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(FACTORY, encoding="utf-8")
    assert load(path, FactorySettings).path != load(other, FactorySettings).path


def test_no_more_than_a_few_are_kept(tmp_path: Path) -> None:
    for number in range(module._KEPT + 3):
        made = tmp_path / f"{number}.yaml"
        made.write_text(FACTORY, encoding="utf-8")
        load(made, FactorySettings)
    assert len(module._READ) == module._KEPT


def test_formulas_are_read_once_for_the_same_file_and_their_examples_always() -> None:
    loaded = load(CONFIG / "kpis" / "kpi_definitions.yaml", KpiFile)
    known = read_definitions(loaded)
    assert read_definitions(loaded) is known
    bare = read_definitions(loaded, with_examples=False)
    assert bare is not known
    assert read_definitions(loaded) is known
