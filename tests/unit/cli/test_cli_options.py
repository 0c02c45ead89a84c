"""--workspace, --json and --quiet mean the same wherever they stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fintech_factory.cli.options import Call, pass_call

Run = Callable[..., Any]


@pytest.fixture
def seen() -> list[Call]:
    return []


@pytest.fixture
def run(noun_of: Callable[[click.Command], Run], seen: list[Call]) -> Run:
    @click.group()
    def noun() -> None:
        """Stand for a noun with verbs."""

    @noun.command()
    @click.argument("name", required=False)
    @pass_call
    def verb(call: Call, name: str | None) -> None:
        del name
        seen.append(call)

    @noun.command()
    @click.pass_obj
    def other(call: Call) -> None:
        seen.append(call)

    return noun_of(noun)


@pytest.mark.parametrize(
    "line",
    [
        "--workspace W --json --quiet noun verb",
        "noun --workspace W --json --quiet verb",
        "noun verb --workspace W --json --quiet",
        "--json noun --quiet verb --workspace=W",
        "noun verb name --json --workspace W --quiet",
        "--quiet noun other --json --workspace W",
    ],
)
def test_they_are_taken_before_and_after_noun_and_verb(
    run: Run, seen: list[Call], line: str
) -> None:
    assert run(*line.split()).code == 0
    assert seen == [Call(Path("W"), json=True, quiet=True)]


def test_they_are_off_unless_given(run: Run, seen: list[Call]) -> None:
    run("noun", "verb")
    assert seen == [Call()]


def test_one_call_leaves_nothing_for_the_next(run: Run, seen: list[Call]) -> None:
    run("--json", "noun", "verb", "--workspace", "W")
    run("noun", "verb")
    assert seen[1] == Call()


def test_the_innermost_workspace_wins(run: Run, seen: list[Call]) -> None:
    run("--workspace", "A", "noun", "verb", "--workspace", "B")
    assert seen[0].workspace_dir == Path("B")


def test_every_verb_lists_them_in_its_help_once(run: Run) -> None:
    run("noun", "verb")
    text = run("noun", "verb", "--help").out
    assert [text.count(name) for name in ("--workspace DIR", "--json", "--quiet")] == [1, 1, 1]


def test_a_mistyped_verb_suggests_the_nearest(run: Run) -> None:
    result = run("noun", "vreb", "--json")
    assert result.code == 2
    assert "Did you mean 'verb'?" in result.document["error"]["what"]
    assert result.document["error"]["hint"] == "factory noun --help"
