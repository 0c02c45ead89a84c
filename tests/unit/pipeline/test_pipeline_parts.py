"""The parts of a run that decide when there is something to do and say what was done."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.pipeline import inputs
from fintech_factory.pipeline.inbox import Export, Inbox, arrivals, put_away
from fintech_factory.pipeline.inputs import inputs_of
from fintech_factory.pipeline.journal import Journal, Step, StepStatus
from fintech_factory.pipeline.outcome import Dates, DayOutcome, DayStatus
from fintech_factory.validation.findings import Acceptance, Found, Tracked
from fintech_factory.values import Finding, Severity

FIRST, THROUGH = date(2025, 10, 15), date(2025, 12, 10)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config" / "kpis").mkdir(parents=True)
    (tmp_path / "config" / "factory.yaml").write_text("a: 1\n")
    (tmp_path / "config" / "kpis" / "kpi.yml").write_text("b: 1\n")
    (tmp_path / "config" / "model.sql").write_text("SELECT 1\n")
    return tmp_path / "config"


def test_the_same_inputs_give_the_same_hash(config: Path) -> None:
    assert inputs_of("batch", [config]) == inputs_of("batch", [config])


@pytest.mark.parametrize("name", ["factory.yaml", "kpis/kpi.yml", "model.sql"])
def test_a_changed_settings_or_sql_file_changes_the_hash(config: Path, name: str) -> None:
    before = inputs_of("batch", [config])
    with (config / name).open("a") as file:
        file.write(" ")
    assert inputs_of("batch", [config]) != before


def test_another_batch_changes_the_hash(config: Path) -> None:
    assert inputs_of("batch", [config]) != inputs_of("another", [config])


def test_a_new_a_gone_and_a_renamed_file_each_change_the_hash(config: Path) -> None:
    seen = {inputs_of("batch", [config])}
    (config / "kpis" / "kpi.yml").rename(config / "kpis" / "kpi2.yml")
    seen.add(inputs_of("batch", [config]))
    (config / "kpis" / "kpi2.yml").unlink()
    seen.add(inputs_of("batch", [config]))
    (config / "alerts.yaml").write_text("")
    seen.add(inputs_of("batch", [config]))
    assert len(seen) == 4


def test_another_version_of_the_product_changes_the_hash(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = inputs_of("batch", [config])
    monkeypatch.setattr(inputs, "__version__", "99")
    assert inputs_of("batch", [config]) != before


def test_notes_and_schemas_beside_the_settings_change_nothing(config: Path) -> None:
    before = inputs_of("batch", [config])
    (config / "notes.txt").write_text("hello")
    (config / "factory.schema.json").write_text("{}")
    assert inputs_of("batch", [config]) == before


def test_without_a_date_a_run_speaks_of_the_last_day_of_data() -> None:
    assert Dates().resolve(FIRST, THROUGH) == (THROUGH,)


def test_a_run_speaks_of_the_date_it_is_asked_for() -> None:
    assert Dates(date(2025, 11, 1)).resolve(FIRST, THROUGH) == (date(2025, 11, 1),)


def test_a_run_of_month_ends_holds_the_month_in_progress_and_the_last_day() -> None:
    assert Dates(month_ends=True).resolve(FIRST, THROUGH) == (
        date(2025, 10, 31),
        date(2025, 11, 30),
        date(2025, 12, 10),
        date(2025, 12, 31),
    )


def test_a_step_is_recorded_with_its_time() -> None:
    journal = Journal()
    with journal.step("transform"):
        pass
    (step,) = journal.steps
    assert (step.name, step.status) == ("transform", StepStatus.DONE)
    assert step.seconds >= 0


def test_a_step_that_fails_is_recorded_and_its_error_goes_on() -> None:
    journal = Journal()
    with pytest.raises(ZeroDivisionError), journal.step("kpi"):
        raise ZeroDivisionError
    assert [step.status for step in journal.steps] == [StepStatus.FAILED]


def test_a_step_says_seconds_to_the_millisecond() -> None:
    step = Step("kpi", StepStatus.DONE, 1.23456)
    assert step.as_json() == {"name": "kpi", "status": "done", "seconds": 1.235}


def outcome(**fields: Any) -> DayOutcome:  # noqa: ANN401 - the fields of an outcome
    known = {"run_id": "run-1", "as_ofs": (FIRST, THROUGH), "data_through": THROUGH}
    return DayOutcome(**{**known, "status": DayStatus.PUBLISHED, "steps": (), **fields})


def test_the_document_of_a_run_names_its_latest_date_and_all_of_them() -> None:
    document = outcome().as_json()
    assert (document["as_of"], document["as_ofs"]) == ("2025-12-10", ["2025-10-15", "2025-12-10"])
    assert (document["status"], document["reconciliation"]) == ("published", None)


def test_a_run_without_anything_to_look_at_has_no_findings() -> None:
    assert not outcome().has_findings


def test_a_refused_export_is_a_finding_of_the_run() -> None:
    refused = Inbox((Export("cascade-20251231-abc", refused=True),))
    assert outcome(inbox=refused).has_findings


def test_rows_set_aside_are_a_finding_of_the_run() -> None:
    assert outcome(inbox=Inbox((Export("b", refused=False, set_aside=1),))).has_findings
    assert not outcome(inbox=Inbox((Export("b", refused=False),))).has_findings


def tracked(severity: Severity, check: str = "kpi.par_90.change", **fields: Any) -> Tracked:  # noqa: ANN401 - the fields of a finding
    at = datetime(2025, 12, 11, 4, tzinfo=UTC)
    finding = Finding("kpi_drift", severity, "moved", where=f"{severity} {check}")
    return Tracked(Found(finding, check, "risk"), at, at, **fields)


@pytest.mark.parametrize(
    ("known", "counts"),
    [
        ([tracked(Severity.INFO)], {}),
        ([tracked(Severity.WARNING, "freshness.cascade")], {}),
        ([tracked(Severity.WARNING, fixed_at=datetime(2025, 12, 11, 5, tzinfo=UTC))], {}),
        ([tracked(Severity.WARNING)], {"warning": 1}),
        (
            [tracked(Severity.WARNING), tracked(Severity.CRITICAL), tracked(Severity.INFO)],
            {"critical": 1, "warning": 1},
        ),
    ],
    ids=["a note", "a late export", "fixed", "a warning", "the gravest first"],
)
def test_a_run_has_findings_while_one_of_weight_is_open(
    known: list[Tracked], counts: dict[str, int]
) -> None:
    done = outcome(known=tuple(known), found_on=THROUGH)
    assert list(done.open_counts.items()) == list(counts.items())
    assert done.has_findings is bool(counts)


def test_what_is_accepted_is_no_finding_of_the_run_until_the_day_is_over() -> None:
    lived_with = Acceptance("ana", "known", THROUGH, Severity.WARNING, 0)
    known = (tracked(Severity.WARNING, acceptance=lived_with),)
    assert not outcome(known=known, found_on=THROUGH).has_findings
    assert outcome(known=known, found_on=THROUGH + timedelta(days=1)).has_findings


def test_an_inbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert arrivals(tmp_path / "inbox") == []


def test_each_folder_and_archive_is_an_export_and_loose_files_are_one(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "z.zip", ".hidden.csv"):
        (tmp_path / name).touch()
    for name in ("export", "landed", "refused"):
        (tmp_path / name).mkdir()
    assert arrivals(tmp_path) == [
        (tmp_path / "export",),
        (tmp_path / "z.zip",),
        (tmp_path / "a.csv", tmp_path / "b.csv"),
    ]


def test_what_was_dealt_with_never_overwrites_its_namesake(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        (tmp_path / "loans.csv").write_text(text)
        put_away((tmp_path / "loans.csv",), tmp_path / "landed")
    kept = {path.name: path.read_text() for path in (tmp_path / "landed").iterdir()}
    assert kept == {"loans.csv": "one", "loans.2.csv": "two", "loans.3.csv": "three"}
