"""Small values, the error tree and the clock."""

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import fintech_factory
from fintech_factory import errors
from fintech_factory.clock import FixedClock, SystemClock
from fintech_factory.errors import ConfigError, FactoryError
from fintech_factory.values import Finding, Problem, Severity

SOURCE = Path(fintech_factory.__file__).parent


def test_a_problem_says_its_place_then_what_then_the_hint() -> None:
    problem = Problem("config/factory.yaml", 4, 7, "unknown key `polcy`", "did you mean `policy`?")
    assert str(problem) == (
        "config/factory.yaml:4:7: unknown key `polcy`\n  hint: did you mean `policy`?"
    )


def test_a_problem_without_a_hint_is_one_line() -> None:
    assert str(Problem("a.yaml", 1, 1, "empty")) == "a.yaml:1:1: empty"


def test_a_finding_is_one_json_object() -> None:
    finding = Finding("duplicate_key", Severity.WARNING, "two alike", rows=2, evidence=({"a": 1},))
    assert finding.as_json() == {
        "code": "duplicate_key",
        "severity": "warning",
        "message": "two alike",
        "where": "",
        "hint": "",
        "rows": 2,
        "evidence": [{"a": 1}],
    }


def test_an_error_says_where_what_and_what_to_do_now() -> None:
    error = FactoryError("it is gone", where="a.duckdb", hint="restore it")
    assert str(error) == "a.duckdb: it is gone\nhint: restore it"
    assert (error.what, error.where, error.hint) == ("it is gone", "a.duckdb", "restore it")


def test_an_error_without_a_place_begins_with_what() -> None:
    assert str(FactoryError("it is gone")) == "it is gone"


def test_a_configuration_error_lists_every_problem_at_once() -> None:
    problems = [Problem("a.yaml", 1, 1, "one"), Problem("b.yaml", 2, 2, "two")]
    assert str(ConfigError(problems)) == "a.yaml:1:1: one\nb.yaml:2:2: two"


def tree() -> dict[str, int]:
    """The error tree as the module's docstring draws it: name -> exit code."""
    lines = (line.replace("│", " ") for line in (errors.__doc__ or "").splitlines())
    drawn = (line.strip(" ├└─").split() for line in lines if "exit" in line)
    return {words[0]: int(words[2]) for words in drawn}


def test_the_drawn_tree_of_errors_is_the_tree_there_is() -> None:
    there = {name: getattr(errors, name).exit_code for name in errors.__all__}
    assert tree() == there


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_one_of_ours(name: str) -> None:
    assert issubclass(getattr(errors, name), FactoryError)


def test_only_what_is_busy_or_out_of_reach_is_worth_another_try() -> None:
    retryable = [name for name in errors.__all__ if getattr(errors, name).retryable]
    assert retryable == ["StateBusy", "StateUnreachable", "SwitchSilent", "WriterBusy"]


def test_a_fixed_clock_stands_at_midnight_of_its_day() -> None:
    assert FixedClock(date(2026, 1, 2)).now() == datetime(2026, 1, 2, tzinfo=UTC)


def test_the_systems_clock_tells_an_aware_time() -> None:
    assert SystemClock().now().tzinfo is UTC


def asks_the_time(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(
        isinstance(each, ast.Attribute)
        and each.attr in {"now", "today", "utcnow"}
        and isinstance(each.value, ast.Name)
        and each.value.id in {"date", "datetime"}
        for each in called
    )


def test_only_the_clock_asks_what_time_it_is() -> None:
    asking = {
        path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if asks_the_time(path)
    }
    assert asking == {"clock.py"}
