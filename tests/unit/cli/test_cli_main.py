"""The command line: lazy nouns, options anywhere, errors with their exit code."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import fintech_factory
from fintech_factory.cli import NOUNS, main
from fintech_factory.cli.options import exit_with_findings
from fintech_factory.errors import ConfigError, UsageError, WriterBusy
from fintech_factory.values import Problem

Run = Callable[..., Any]
Noun = Callable[[Callable[[], None]], Run]


def raises(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


def python(code: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def test_help_lists_every_noun_and_imports_none(factory: Run) -> None:
    result = factory("--help")
    assert result.code == 0
    assert all(f"  {name}" in result.out for name in NOUNS)
    heavy = "{'pydantic', 'rich', 'yaml', 'duckdb', 'sqlglot', 'numpy', 'httpx', 'python_calamine'}"
    code = f"""
import sys
from click.testing import CliRunner
from fintech_factory.cli import NOUNS, main
assert CliRunner().invoke(main, ["--help"]).exit_code == 0
nouns = {{f"fintech_factory.cli.{{name}}" for name in NOUNS}}
print(sorted((nouns | {heavy}) & set(sys.modules)))
"""
    assert python(code).stdout.strip() == "[]"


def test_the_version_is_printed(factory: Run) -> None:
    assert factory("--version").out.strip() == f"factory, version {fintech_factory.__version__}"


@pytest.mark.parametrize("noun_name", ["init", "check"])
def test_our_nouns_take_the_global_options(factory: Run, noun_name: str) -> None:
    result = factory(noun_name, "--help")
    assert result.code == 0
    for option in ("--workspace DIR", "--json", "--quiet"):
        assert option in result.out


def test_a_mistyped_noun_suggests_the_nearest(factory: Run) -> None:
    result = factory("chekc")
    assert result.code == 2
    assert "Did you mean 'check'?" in result.err
    assert "factory --help" in result.err
    assert result.out == ""


def test_a_mistyped_option_suggests_the_nearest(factory: Run) -> None:
    result = factory("check", "--schema", "x")
    assert result.code == 2
    assert "--schemas" in result.err


def test_no_noun_prints_the_help_and_is_a_usage_error(factory: Run) -> None:
    result = factory()
    assert result.code == 2
    assert "Commands:" in result.err


@pytest.mark.parametrize("arguments", [["chekc", "--json"], ["--json", "chekc"], ["--json"]])
def test_a_usage_error_is_one_json_document_too(factory: Run, arguments: list[str]) -> None:
    result = factory(*arguments)
    assert result.code == 2
    assert result.err == ""
    assert result.document["error"]["type"] == "UsageError"
    assert set(result.document["error"]) == {"type", "what", "where", "hint", "problems"}


def test_an_error_says_what_where_and_what_to_do(noun: Noun) -> None:
    run = noun(raises(WriterBusy("pid 7 is writing", where="warehouse/", hint="wait for it")))
    result = run()
    assert result.code == 1
    assert result.err == "error: warehouse/: pid 7 is writing\nhint: wait for it\n"
    assert result.out == ""


def test_an_error_is_one_json_document_with_the_same_exit_code(noun: Noun) -> None:
    result = noun(raises(UsageError("no KPI x", where="kpi", hint="kpi list")))("--json")
    assert result.code == 2
    assert result.document == {
        "error": {
            "type": "UsageError",
            "what": "no KPI x",
            "where": "kpi",
            "hint": "kpi list",
            "problems": [],
        }
    }
    assert result.err == ""


def test_settings_problems_are_told_one_by_one(noun: Noun) -> None:
    problems = [Problem("a.yaml", 1, 2, "bad", "do this"), Problem("b.yaml", 3, 4, "worse")]
    run = noun(raises(ConfigError(problems)))
    result = run()
    assert result.code == 2
    assert result.err == ("error: a.yaml:1:2: bad\n  hint: do this\nerror: b.yaml:3:4: worse\n")
    listed = run("--json").document["error"]["problems"]
    assert listed[0] == {
        "path": "a.yaml", "line": 1, "column": 2, "message": "bad", "hint": "do this"
    }  # fmt: skip


def test_the_unexpected_is_one_line_and_its_traceback_is_kept(
    noun: Noun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("FACTORY_DEBUG", raising=False)
    result = noun(raises(KeyError("x")))()
    assert result.code == 1
    assert result.err.startswith("error: something unexpected happened: KeyError: 'x'\n")
    assert "Traceback" not in result.err
    (kept,) = tmp_path.iterdir()
    assert str(kept) in result.err
    assert "Traceback" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0


def test_debug_shows_the_traceback(noun: Noun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_DEBUG", "1")
    result = noun(raises(KeyError("x")))("--json")
    assert result.code == 1
    assert "Traceback" in result.err
    assert result.document["error"]["type"] == "Unexpected"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()])
def test_ctrl_c_is_quiet(noun: Noun, error: BaseException) -> None:
    result = noun(raises(error))()
    assert (result.code, result.out, result.err) == (130, "", "")


HELP = "from fintech_factory.cli import main; main(['check', '--help'], 'factory')"
UNFLUSHED = """
import sys
from fintech_factory.cli.failures import guarded
sys.exit(guarded(lambda: sys.stdout.write("x" * 10), as_json=False))
"""


@pytest.mark.parametrize("code", [HELP, UNFLUSHED], ids=["help", "unflushed"])
def test_a_reader_that_goes_away_is_no_error(code: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = subprocess.run(
        [sys.executable, "-c", code],
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": ""},  # as a user has it: the buffer is what bites
    )
    os.close(write_end)
    assert (result.returncode, result.stderr) == (141, b"")


def test_findings_end_in_exit_code_3(noun: Noun) -> None:
    result = noun(exit_with_findings)()
    assert (result.code, result.out, result.err) == (3, "", "")


def test_a_command_called_as_a_function_raises_as_functions_do() -> None:
    with pytest.raises(click.exceptions.NoSuchCommand):
        main.main(["chekc"], "factory", standalone_mode=False)
