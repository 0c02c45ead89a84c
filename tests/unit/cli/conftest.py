"""A command line to try: our own `factory`, and a small one with nouns made for the test."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from click.testing import CliRunner

import fintech_factory
from fintech_factory.cli import main
from fintech_factory.cli.lazy import LazyGroup
from fintech_factory.cli.options import Call, add_global_options
from fintech_factory.config import FactorySettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.out)


Run = Callable[..., Outcome]


def run_command(command: click.Command, *arguments: object) -> Outcome:
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    return Outcome(result.exit_code, result.stdout, result.stderr)


class Anything:
    """Stands for a workspace's objects, which these tests do not speak of; it does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take whatever it is made of."""

    def __getattr__(self, _name: str) -> "Anything":
        return self

    def __call__(self, *_: object, **__: object) -> "Anything":
        return self


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `factory …` with a composition root that knows config/factory.yaml only."""
    root = ModuleType("fintech_factory.app")
    vars(root)["config_models"] = lambda _workspace=None: {"factory.yaml": FactorySettings}
    vars(root)["Factory"] = Anything
    monkeypatch.setitem(sys.modules, "fintech_factory.app", root)
    monkeypatch.setattr(fintech_factory, "app", root, raising=False)
    monkeypatch.delenv("FACTORY_WORKSPACE", raising=False)
    return lambda *arguments: run_command(main, *arguments)


def small_workspace(folder: Path) -> Path:
    (folder / "config").mkdir(parents=True)
    text = """\
currency: {reporting: USD}
policy:
  write_off_after_dpd: 180
  coverage_tolerance: 0.005
  collection_window_days: 30
  bucket_bounds: [0, 30]
reconcile: {close_per_loan: 0.01}
"""
    (folder / "config" / "factory.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return small_workspace(tmp_path / "book")


@pytest.fixture
def noun_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[click.Command], Run]:
    """Run `factory …` where the only noun, `noun`, is the command given."""

    def build(command: click.Command) -> Run:
        module = ModuleType("ff_nouns_of_tests.noun")
        vars(module)["command"] = command
        monkeypatch.setitem(sys.modules, "ff_nouns_of_tests.noun", module)
        group = LazyGroup(
            name="factory",
            nouns={"noun": "A noun."},
            package="ff_nouns_of_tests",
            context_settings={"obj": Call()},
        )
        add_global_options(group)
        return lambda *arguments: run_command(group, *arguments)

    return build


@pytest.fixture
def noun(noun_of: Callable[[click.Command], Run]) -> Callable[[Callable[[], None]], Run]:
    """Run `factory noun …`, the noun being a function without parameters."""

    def build(body: Callable[[], None]) -> Run:
        run = noun_of(click.Command("noun", callback=body))
        return lambda *arguments: run("noun", *arguments)

    return build
