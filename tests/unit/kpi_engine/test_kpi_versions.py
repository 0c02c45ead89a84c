"""The definition guard: what is meaning, what is not, and what a changed meaning must say."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.config import LoadedFile, load
from fintech_factory.kpi_engine import Definitions, KpiFile, read_definitions
from fintech_factory.kpi_engine.expression import read_measure
from fintech_factory.kpi_engine.meaning import (
    EXPRESSIONS,
    NOT_MEANING,
    canonical_expression,
    fingerprint,
)
from fintech_factory.kpi_engine.rebuild import rebuild
from fintech_factory.kpi_engine.settings import KpiSettings
from fintech_factory.kpi_engine.versions import LoggedVersion, check_versions

Define = Callable[..., Definitions]
LIMITS = "{warning: 3, critical: 5}"


def logged(definitions: Definitions) -> dict[str, LoggedVersion]:
    """What a run would log of these definitions."""
    return {
        kpi.id: LoggedVersion(
            kpi.id, kpi.version, kpi.meaning, kpi.effective_from, kpi.author, kpi.reason,
            "run-1", datetime(2026, 1, 1, tzinfo=UTC),
        )
        for kpi in definitions.kpis.values()
    }  # fmt: skip


@pytest.fixture
def judged(define: Define, tmp_path: Path) -> Callable[..., list[str]]:
    """Log `a` with limits, change fields of it, and give the guard's messages."""

    def judge(**fields: str | None) -> list[str]:
        before: Mapping[str, str] = {"limits": LIMITS, "version": "2"}
        log = logged(define(a=before))
        after = define(a={**before, **fields})
        loaded: LoadedFile[KpiFile] = load(tmp_path / "kpi_definitions.yaml", KpiFile)
        return [each.message for each in check_versions(loaded, after, log)]

    return judge


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"title": '{en: "B", es: "C"}'},
        {"precision": "4"},
        {"owner": "somebody_else"},
        {"source": "another"},
        {"reason": "another"},
        {"limits": "{critical: 5.00, warning: 3.0}"},
        {"part": "SUM( outstanding )  filter (WHERE dpd>90)"},
        {"empty": "unavailable"},
        {"examples": "[{says: two, rows: [{outstanding: 2}], value: 0}]"},
    ],
)
def test_what_moves_no_figure_and_no_judgement_needs_no_version(
    judged: Callable[..., list[str]], fields: dict[str, str]
) -> None:
    assert judged(**fields) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"part": "sum(outstanding) filter (where dpd >= 90)"}, "a.part: the meaning changed"),
        ({"limits": "{warning: 2, critical: 5}"}, "(limits.warning 3 → 2)"),
        ({"limits": "{warning: 3}"}, "(limits.critical 5 → not given)"),
        ({"limits": "{warning: 3, critical: 5, clear: {warning: 2}}"}, "limits.clear.warning"),
        ({"direction": "bad_below", "limits": "{warning: 5, critical: 3}"}, "direction bad_above"),
        ({"clamp": "{low: 0, high: 100}"}, "clamp.low"),
        ({"target": "{below: 2, period: month}"}, "target.below not given → 2"),
    ],
)
def test_a_changed_meaning_is_refused_until_the_version_is_raised(
    judged: Callable[..., list[str]], fields: dict[str, str], said: str
) -> None:
    (message,) = judged(**fields)
    assert said in message
    assert "version is still 2" in message
    assert judged(**fields, version="3") == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"version": "1"}, "a.version: version 1 is lower than 2, which run-1 used"),
        ({"effective_from": "2026-02-01"}, "a.effective_from: version 2 is used from 2026-01-01"),
        ({"version": "3", "effective_from": "2025-12-31"}, "before version 2 did (2026-01-01)"),
        ({"version": "3", "reason": '" "'}, "a.reason: version 3 does not say its reason"),
        ({"version": "3", "author": '" "'}, "a.author: version 3 does not say its author"),
    ],
)
def test_a_version_goes_forward_and_says_since_when_by_whom_and_why(
    judged: Callable[..., list[str]], fields: dict[str, str], said: str
) -> None:
    (message,) = judged(**fields)
    assert said in message


def test_a_new_version_may_begin_on_the_day_of_the_last(
    judged: Callable[..., list[str]],
) -> None:
    assert judged(version="3", effective_from="2026-01-01", author="chief_risk_officer") == []


def test_the_owner_answers_for_a_version_that_names_no_author(define: Define) -> None:
    assert define(a={"owner": "head_of_risk"}).get("a").author == "head_of_risk"
    assert define(a={"author": "cro"}).get("a").author == "cro"


def test_a_kpi_that_no_run_has_used_may_say_what_it_likes(define: Define, tmp_path: Path) -> None:
    log = logged(define(a={}))
    after = define(a={}, b={"version": "7"})
    loaded = load(tmp_path / "kpi_definitions.yaml", KpiFile)
    assert list(check_versions(loaded, after, log)) == []


def test_a_refusal_stands_at_the_changed_key(define: Define, tmp_path: Path) -> None:
    log = logged(define(a={"limits": LIMITS}))
    after = define(a={"limits": "{warning: 3, critical: 6}"})
    path = tmp_path / "kpi_definitions.yaml"
    (problem,) = check_versions(load(path, KpiFile), after, log)
    line = path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :] == "6}"


@pytest.mark.parametrize("key", sorted(KpiSettings.model_fields))
def test_every_key_of_a_kpi_is_known_to_be_meaning_or_not(key: str) -> None:
    """A key that is added must be put on one side; texts in SQL also into EXPRESSIONS."""
    meaning = {"model", "unit", "direction", "limits", "target", "clamp", "empty"}
    meaning |= {"observed", "needs", "full_months"}
    assert key in meaning | EXPRESSIONS | NOT_MEANING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sum(a)", "SUM( a )"),
        ("sum(a) filter (where b in (1, 2))", "sum(a)\n  filter(where b IN (1,2))"),
        ("top_sum(a, b, 10)", "top_sum(a,b,10)"),
        ("count(*) filter (where p = 'A  b')", "count( * ) filter (where p='A  b')"),
    ],
)
def test_spelling_is_no_meaning(one: str, other: str) -> None:
    assert canonical_expression(one) == canonical_expression(other) == one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sum(a) filter (where p = 'A')", "sum(a) filter (where p = 'a')"),
        ("sum(a) filter (where b > 90)", "sum(a) filter (where b >= 90)"),
        ("sum(a) -- 1\n+ sum(b)", "sum(a) -- 1 + sum(b)"),
    ],
)
def test_what_reads_differently_stays_different(one: str, other: str) -> None:
    assert canonical_expression(one) != canonical_expression(other)


def test_the_canonical_text_of_every_shipped_expression_reads_the_same(
    shipped: Definitions,
) -> None:
    for kpi in shipped.kpis.values():
        if kpi.model is None:
            continue
        for key, of in (("part", "part"), ("whole", "whole"), ("total", "part"), ("per", "whole")):
            if key in kpi.meaning:
                written = getattr(kpi.measure, f"{of}_text")
                assert kpi.meaning[key] == canonical_expression(written)
                assert read_measure(kpi.meaning[key], kpi.model) == read_measure(written, kpi.model)
        if "value" in kpi.meaning:
            assert read_measure(kpi.meaning["value"], kpi.model) == kpi.expressions[0]


def test_a_fingerprint_does_not_hang_on_the_order_of_keys() -> None:
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})


def test_definitions_are_rebuilt_from_the_log_alone(shipped: Definitions, tmp_path: Path) -> None:
    log = tmp_path / "definitions.jsonl"
    log.touch()
    again = rebuild(logged(shipped).values(), log)
    assert list(again.kpis) == list(shipped.kpis)
    for name, kpi in again.kpis.items():
        was = shipped.get(name)
        assert (kpi.meaning, kpi.version) == (was.meaning, was.version)
        assert (kpi.limits, kpi.clamp, kpi.target, kpi.unit) == (
            was.limits, was.clamp, was.target, was.unit,
        )  # fmt: skip
        assert (kpi.expressions, kpi.empty, kpi.effective_from) == (
            was.expressions, was.empty, date(2026, 1, 1),
        )  # fmt: skip


def test_definitions_read_from_a_loaded_file_are_those_of_its_path(shipped_path: Path) -> None:
    assert "par_90" in read_definitions(load(shipped_path, KpiFile)).kpis
