"""Nothing that the product says or does is left out of the reference, and nothing is made up."""

import ast
import importlib.util
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

import click
import pytest

from fintech_factory.cli import main
from fintech_factory.config.validation import BLOCKING, ValidationSettings
from fintech_factory.kpi_engine import Definitions

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
INGESTION = ROOT / "src" / "fintech_factory" / "ingestion"
VALIDATION = ROOT / "src" / "fintech_factory" / "validation"
CONTRACT = ROOT / "config" / "integrations" / "cascade.yaml"

# A reason inside SQL is written `code|note`.
_REASON = re.compile(r"(?:^|')([a-z]+(?:_[a-z]+)*)\|")
_IN_CONTRACT = re.compile(r"\bcode: ([a-z_]+)")
_ROW = re.compile(r"^\| `(?P<code>[a-z_]+)` \| (?P<fate>[a-z ]+) \|", re.MULTILINE)


def codes_in(source: str) -> Iterator[str]:
    """Give the codes that a module's text names, whichever way it writes them."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield code
            case ast.Call(
                func=ast.Name(id="Finding" | "_finding"),
                args=[ast.Constant(value=str(code)), *_],
            ):
                yield code
            case ast.Constant(value=str(text)):
                yield from _REASON.findall(text)


def validation_codes() -> set[str]:
    """Give the codes of what a run finds: given by name, or first in a pair with a severity."""
    return {
        code
        for path in VALIDATION.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for code in _validation_codes(node)
    }


def _validation_codes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.keyword(arg="code", value=value):
            yield from (each.value for each in ast.walk(value) if _is_text(each))
        case ast.Tuple(
            elts=[ast.Constant(value=str(code)), ast.Attribute(ast.Name("Severity")), *_]
        ):
            yield code
        case ast.Call(func=ast.Name("_drifted"), args=[_, ast.Constant(value=str(code)), *_]):
            yield code
        case ast.Assign(targets=[ast.Name("_CODES")], value=ast.Dict(values=values)):
            yield from (each.value for each in values if _is_text(each))
        case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str(code)), *_])):
            yield code


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def product_codes() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in INGESTION.rglob("*.py"))
    found = {code for source in sources for code in codes_in(source)}
    return (
        found | validation_codes() | set(_IN_CONTRACT.findall(CONTRACT.read_text(encoding="utf-8")))
    )


def documented() -> dict[str, str]:
    """Give each documented code with what becomes of what it is found in."""
    page = (REFERENCE / "findings.md").read_text(encoding="utf-8")
    rows = _ROW.findall(page)
    assert len(rows) == len(dict(rows)), "a code is documented twice"
    return dict(rows)


def verbs(name: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for verb in command.list_commands(context):
        below = command.get_command(context, verb)
        assert below is not None
        yield from verbs(f"{name} {verb}", below)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_finding_is_documented() -> None:
    assert product_codes() - documented().keys() == set()


def test_no_documented_finding_is_made_up() -> None:
    assert documented().keys() - product_codes() == set()


def test_every_finding_says_what_becomes_of_the_export() -> None:
    of_exports = {"refuses", "sets aside", "keeps"}
    assert set(documented().values()) == of_exports | {"stops", "may stop", "warns", "notes"}


def test_a_finding_is_said_to_stop_only_if_the_gate_can_be_told_to() -> None:
    fates = documented()
    assert {code for code, fate in fates.items() if fate in {"stops", "may stop"}} == set(BLOCKING)
    by_default = ValidationSettings().gate.blocks
    assert {code for code, fate in fates.items() if fate == "stops"} <= set(by_default)


def test_the_codes_of_validation_are_found_however_they_are_written() -> None:
    assert {
        "export_behind",
        "rows_lost",
        "kpi_two_sigma",
        "type_changed",
        "control_total_open",
    } <= (validation_codes())


@pytest.mark.parametrize(
    "source",
    [
        "Finding(code='one_code')",
        "_finding('one_code', 'what')",
        "reasons = ['one_code|column']",
        "sql = f\"SELECT 'one_code|' || {column}\"",
    ],
)
def test_a_code_is_found_however_it_is_written(source: str) -> None:
    assert list(codes_in(source)) == ["one_code"]


def test_every_command_is_documented() -> None:
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (factory .+)$", page, re.MULTILINE))
    assert headings == set(verbs("factory", main))


def test_every_kpi_is_documented(shipped_kpis: Definitions) -> None:
    page = (REFERENCE / "kpis.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(shipped_kpis.kpis)


def test_a_current_reference_passes_the_check(generate: ModuleType) -> None:
    assert generate.main(["--check"]) == 0


def test_a_stale_page_fails_the_check_and_is_not_written(
    generate: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "docs" / "reference"
    shutil.copytree(REFERENCE, folder)
    made = {folder / path.name: text for path, text in generate.pages().items()}
    monkeypatch.setattr(generate, "pages", lambda: made)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    (folder / "kpis.md").write_text("old\n", encoding="utf-8")
    assert generate.main(["--check"]) == 1
    assert "docs/reference/kpis.md is stale" in capsys.readouterr().out
    assert (folder / "kpis.md").read_text(encoding="utf-8") == "old\n"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
