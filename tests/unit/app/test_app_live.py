"""Settings that change under a process that lasts are taken over, or refused and named."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fintech_factory.app import live as module
from fintech_factory.app.factory import Factory
from fintech_factory.app.live import Live
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError

ORCHESTRATION = "config/pipelines/data_orchestration.yaml"


@pytest.fixture
def root(empty_workspace: Path, tmp_path: Path) -> Path:
    shutil.copytree(empty_workspace, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def live(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setattr(module, "_LOOK_EVERY", 0.0)
    made = Live(Factory(Workspace(root)))
    yield made
    made.close()


def change(root: Path, old: str, new: str, name: str = ORCHESTRATION) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    # Two writes within one tick of the file system's clock are still two.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


def test_nothing_is_read_again_while_nothing_has_changed(live: Live) -> None:
    assert live.factory is live.factory


def test_a_changed_schedule_is_taken_over(live: Live, root: Path) -> None:
    before = live.factory
    change(root, '"0 3 * * *"', '"15 3 * * *"')
    assert live.factory is not before
    assert live.factory.schedules.known[0].at == "15 3 * * *"
    assert live.problem == ""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param(ORCHESTRATION, "schedules:", "schedulez:", id="orchestration"),
        pytest.param("config/alerts.yaml", "rules:", "rulez:", id="alerts"),
        pytest.param("config/factory.yaml", "port: 8321", "port: many", id="factory"),
    ],
)
def test_broken_settings_are_named_and_the_last_good_ones_stay(
    live: Live, root: Path, name: str, old: str, new: str
) -> None:
    before = live.factory
    change(root, old, new, name)
    assert live.factory is before
    assert f"{Path(name).name}:" in live.problem
    assert "\n" not in live.problem
    change(root, new, old, name)
    assert live.factory is not before
    assert live.problem == ""


def test_settings_that_are_wrong_from_the_beginning_are_refused(root: Path) -> None:
    change(root, "schedules:", "schedulez:")
    with pytest.raises(ConfigError):
        Live(Factory(Workspace(root)))


def test_the_files_are_not_looked_at_more_often_than_need_be(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(Factory(Workspace(root)))
    before = live.factory
    change(root, '"0 3 * * *"', '"15 3 * * *"')
    assert live.factory is before
    monkeypatch.setattr(module, "_LOOK_EVERY", 0.0)
    assert live.factory is not before
    live.close()


def test_settings_that_cannot_be_read_are_named_and_the_last_good_ones_stay(
    live: Live, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Factory) -> None:
        raise OSError("the disk of the settings is away")

    before = live.factory
    with monkeypatch.context() as patch:
        patch.setattr(module, "_load", away)
        change(root, '"0 3 * * *"', '"15 3 * * *"')
        assert live.factory is before
        assert live.problem == "the disk of the settings is away"
