"""The definition log: it grows by what is new, survives a power cut, and shows a changed line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine import Definitions
from fintech_factory.pipeline.definition_log import DefinitionLog
from fintech_factory.pipeline.json_lines import JsonLines

AT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> DefinitionLog:
    return DefinitionLog(JsonLines(tmp_path / "state" / "definitions.jsonl"))


def test_a_first_run_logs_every_definition_and_the_next_none(
    log: DefinitionLog, shipped_kpis: Definitions
) -> None:
    assert not log.exists
    log.note(shipped_kpis, "run-1", AT)
    log.note(shipped_kpis, "run-2", AT)
    assert [each.kpi for each in log.versions()] == list(shipped_kpis.kpis)
    assert {each.first_run for each in log.versions()} == {"run-1"}
    assert log.latest()["par_90"].meaning == shipped_kpis.get("par_90").meaning


def test_a_torn_last_line_is_passed_over_and_goes_with_the_next_append(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "a.jsonl")
    lines.append([{"a": 1}])
    with lines.path.open("a", encoding="utf-8") as file:
        file.write('{"a": 2')
    assert lines.rows() == [{"a": 1}]
    lines.append([{"a": 3}])
    assert lines.rows() == [{"a": 1}, {"a": 3}]


def test_a_broken_line_before_the_last_is_named(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "a.jsonl")
    lines.path.write_text('{"a": 1}\n{"a": \n{"a": 3}\n', encoding="utf-8")
    with pytest.raises(WarehouseError) as refused:
        lines.rows()
    assert refused.value.where == f"{lines.path}:2"


@pytest.mark.parametrize(
    ("old", "new"), [('"3"', '"4"'), ('"sha256"', '"sha"'), ("2026-01-01", "2026-13-01")]
)
def test_a_line_that_no_longer_says_what_was_logged_is_refused(
    log: DefinitionLog, shipped_kpis: Definitions, old: str, new: str
) -> None:
    log.note(shipped_kpis.only("par_90"), "run-1", AT)
    path = log.lines.path
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(WarehouseError) as refused:
        log.versions()
    assert refused.value.where == f"{path}:1"
