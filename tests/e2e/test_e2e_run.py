"""`factory run`: publishes when there is something new, and only whole and confirmed figures."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.book import BookPlan, generate
from fintech_factory.clock import Clock, FixedClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book
from fintech_factory.warehouse import lock

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]
STEPS = [
    "ingest", "transform", "kpi", "verify", "observe", "reconcile", "validate", "publish",
]  # fmt: skip
SQL = "sql/models"


def versions(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "warehouse" / "versions").iterdir())


def current(root: Path) -> str:
    return str(json.loads((root / "warehouse" / "CURRENT").read_text())["version"])


def test_a_run_publishes_every_month_end_and_says_what_it_did(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(small_book).root
    outcome = factory(root, "run", "--month-ends", "--json")
    document = outcome.document
    # Four loans are spread differently every month.
    heavy = {each["code"] for each in document["findings"] if each["severity"] == "warning"}
    assert (outcome.code, heavy - {"export_missing"}) == (3, {"distribution_drift"})
    assert (document["status"], document["withheld"]) == ("published", 0)
    assert document["reconciliation"] == "exact"
    assert document["as_of"] == "2025-06-30"
    assert document["as_ofs"][0] == "2024-12-31"
    assert len(document["as_ofs"]) == 7
    assert [step["name"] for step in document["steps"]] == STEPS
    assert current(root) == document["run_id"]
    assert versions(root) == [f"{document['run_id']}.duckdb"]


def test_a_run_without_a_date_speaks_of_the_last_day_of_data(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(small_book.ending("2025-07-10")).root
    assert factory(root, "run", "--json").document["as_ofs"] == ["2025-07-10"]


def test_a_rerun_with_nothing_new_changes_nothing_and_takes_no_time(
    factory: Factory, workspace: Path
) -> None:
    before, held = current(workspace), versions(workspace)
    started = time.process_time()
    outcome = factory(workspace, "run", "--month-ends", "--json")
    assert time.process_time() - started < 0.3
    document = outcome.document
    assert (outcome.code, document["status"], document["run_id"]) == (0, "unchanged", before)
    assert {step["status"] for step in document["steps"]} == {"unchanged"}
    assert (current(workspace), versions(workspace)) == (before, held)


def test_a_date_that_was_published_with_others_is_nothing_new(
    factory: Factory, workspace: Path
) -> None:
    document = factory(workspace, "run", "--as-of", "2025-05-31", "--json").document
    assert (document["status"], document["as_ofs"]) == ("unchanged", ["2025-05-31"])


def test_a_date_that_no_run_has_published_is_something_new(
    factory: Factory, workspace: Path
) -> None:
    document = factory(workspace, "run", "--as-of", "2025-06-15", "--json").document
    assert (document["status"], document["as_ofs"]) == ("published", ["2025-06-15"])
    history = factory(workspace, "kpi", "history", "outstanding", "--json").document
    assert len(history["readings"]) == 8


def test_a_forced_run_publishes_anew(factory: Factory, workspace: Path) -> None:
    before = current(workspace)
    document = factory(workspace, "run", "--month-ends", "--force", "--json").document
    assert document["status"] == "published"
    assert current(workspace) == document["run_id"] != before
    assert len(versions(workspace)) == 2


KPIS = "config/kpis/kpi_definitions.yaml"
# Of PAR 90, up to its version.
LIMITS = "{warning: 3, critical: 5, executive: 8}\n    owner: head_of_risk\n    version: "


@pytest.mark.parametrize(
    "change",
    [
        (KPIS, f"{LIMITS}1", f"{LIMITS.replace('warning: 3', 'warning: 4')}2"),
        ("config/factory.yaml", "write_off_after_dpd: 180", "write_off_after_dpd: 179"),
        (f"{SQL}/par_by_date.sql", "GROUP BY as_of", "GROUP BY as_of -- so it is"),
    ],
)
def test_a_changed_definition_setting_or_model_publishes_anew(
    factory: Factory, workspace: Path, edit: Edit, change: tuple[str, str, str]
) -> None:
    before = current(workspace)
    edit(*change)
    assert factory(workspace, "run", "--month-ends", "--json").document["status"] == "published"
    assert current(workspace) != before


def test_a_changed_limit_changes_where_a_reading_stands(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, f"{LIMITS}1", f"{LIMITS.replace(', executive: 8', '')}2")
    assert factory(workspace, "run").code == 0
    assert (
        factory(workspace, "kpi", "show", "par_90", "--json").document["limit_state"] == "critical"
    )


def test_a_changed_policy_changes_the_figures_of_both_engines_alike(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """Written off from day 180 on, the 1,200 of L3 leave part and whole: 300 of 800."""
    edit("config/factory.yaml", "write_off_after_dpd: 180", "write_off_after_dpd: 179")
    assert factory(workspace, "run", "--json").document["withheld"] == 0
    reading = factory(workspace, "kpi", "show", "par_90", "--json").document
    assert (reading["value"], reading["whole"]) == ("37.5", "800.000000")


def test_a_new_batch_publishes_anew(factory: Factory, workspace: Path, small_book: Book) -> None:
    changed = small_book.loan(500, disbursed="2025-06-15")
    batch = changed.land(Workspace(workspace).raw("cascade"))
    document = factory(workspace, "run", "--json").document
    assert document["status"] == "published"
    reading = factory(workspace, "kpi", "show", "outstanding", "--json").document
    assert (reading["value"], reading["batch_ids"]) == ("2500.000000", [batch.batch_id])


def test_readings_of_other_dates_are_carried_over_with_the_run_that_made_them(
    factory: Factory, workspace: Path, small_book: Book
) -> None:
    """A18: another batch is read at June's end only; May stays as it was known."""
    before = current(workspace)
    small_book.loan(500, disbursed="2025-05-15").land(Workspace(workspace).raw("cascade"))
    run = factory(workspace, "run", "--as-of", "2025-06-30", "--json").document["run_id"]
    may, june = (
        factory(workspace, "kpi", "show", "outstanding", "--as-of", day, "--json").document
        for day in ("2025-05-31", "2025-06-30")
    )
    assert (may["run_id"], may["value"]) == (before, "2200.000000")
    assert (june["run_id"], june["value"]) == (run, "2500.000000")
    history = factory(workspace, "kpi", "history", "outstanding", "--json").document
    assert len(history["readings"]) == 7


def test_a_model_that_does_not_run_publishes_nothing(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    before, held = current(workspace), versions(workspace)
    edit(f"{SQL}/par_by_date.sql", "SUM(balance) AS balance", "SUM(no_such_column) AS balance")
    outcome = factory(workspace, "run", "--json")
    assert outcome.code == 1
    error = outcome.document["error"]
    assert (error["type"], error["where"]) == ("ModelError", "model par_by_date")
    assert "no_such_column" in error["what"]
    assert (current(workspace), versions(workspace)) == (before, held)
    shown = factory(workspace, "kpi", "show", "par_90", "--json").document
    assert (shown["value"], shown["run_id"]) == ("75", before)


def test_a_kpi_that_cannot_be_computed_publishes_nothing(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    before, held = current(workspace), versions(workspace)
    exact = "CASE WHEN is_written_off THEN 0 ELSE balance END"
    edit(f"{SQL}/loan_snapshot.sql", exact, f"CAST({exact} AS DOUBLE)")
    assert factory(workspace, "run", "--json").code == 1
    assert (current(workspace), versions(workspace)) == (before, held)


PLANTED = {
    "written off a day early": (
        f"{SQL}/loan_snapshot.sql",
        "x.dpd > p.write_off_after_dpd",
        "x.dpd >= p.write_off_after_dpd",
    ),
    "a payment dropped": (
        f"{SQL}/stg_payment.sql",
        "WHERE transaction_type = 'PAYMENT'",
        "WHERE transaction_type = 'PAYMENT' AND line_no <> 2",
    ),
    "a day too many": (
        f"{SQL}/loan_balance.sql",
        "DATE_DIFF('DAY', s.due_on, d.cut_on) ELSE 0",
        "DATE_DIFF('DAY', s.due_on, d.cut_on) + 1 ELSE 0",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_wrong_figure_in_one_engine_is_withheld_with_what_is_made_of_it(
    factory: Factory, workspace: Path, edit: Edit, fault: str
) -> None:
    edit(*PLANTED[fault])
    outcome = factory(workspace, "run", "--json")
    assert outcome.code == 3
    assert outcome.document["withheld"] > 0
    shown = factory(workspace, "kpi", "show", "portfolio_health", "--json")
    assert shown.code == 3
    reading = shown.document
    assert (reading["status"], reading["value"], reading["limit_state"]) == ("withheld", None, None)
    assert "the engines disagree" in reading["reason"]


def test_a_loan_that_a_model_loses_refuses_the_run(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    before = current(workspace)
    edit(f"{SQL}/loan_snapshot.sql", "FROM converted", "FROM converted WHERE loan_key <> 4")
    outcome = factory(workspace, "run", "--json")
    assert outcome.code == 1
    assert "1 of 4 loans found no place" in outcome.document["error"]["what"]
    assert current(workspace) == before


def test_what_the_engines_agree_on_is_published_beside_what_is_withheld(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """The loan of day 180 is South's; North's PAR stays, and so does what counts no write-off."""
    edit(*PLANTED["written off a day early"])
    factory(workspace, "run")
    shown = factory(workspace, "kpi", "show", "--json").document["readings"]
    status = {each["kpi"]: each["status"] for each in shown}
    assert status["balance_incl_writeoff"] == status["collection_efficiency"] == "ok"
    assert status["par_90"] == status["written_off"] == status["outstanding"] == "withheld"


def test_an_old_version_is_kept_to_go_back_to_and_the_oldest_goes(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit("config/factory.yaml", "keep_versions: 5", "keep_versions: 2")
    first = current(workspace)
    runs = [factory(workspace, "run", "--force", "--json").document["run_id"] for _ in range(2)]
    assert first not in runs
    assert versions(workspace) == sorted(f"{run}.duckdb" for run in runs)


def test_a_run_that_is_killed_leaves_the_old_version_live(
    factory: Factory, workspace: Path
) -> None:
    before = current(workspace)
    command = str(Path(sys.executable).with_name("factory"))
    with subprocess.Popen(
        [command, "run", "--force", "--workspace", str(workspace)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        folder = workspace / "warehouse" / "versions"
        while not list(folder.glob(".run-*.duckdb")) and running.poll() is None:
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
        assert running.wait(10) == -signal.SIGKILL
    assert factory(workspace, "kpi", "show", "par_90", "--json").document["run_id"] == before
    findings = factory(workspace, "warehouse", "check", "--json")
    assert (findings.code, findings.document["findings"][0]["code"]) == (3, "abandoned_build")
    assert factory(workspace, "run", "--force").code == 0
    assert factory(workspace, "warehouse", "check").code == 0


@contextmanager
def another_writer(root: Path) -> Iterator[int]:
    """A second process that holds the writer's lock; its number."""
    hold = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from fintech_factory.clock import FixedClock\n"
        "from fintech_factory.warehouse.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1]), 'factory ingest', FixedClock(date(2026, 1, 1))):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(root / "warehouse" / ".writer.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield other.pid


def test_a_second_writer_is_refused_and_readers_are_not(factory: Factory, workspace: Path) -> None:
    with another_writer(workspace) as pid:
        refused = factory(workspace, "run", "--force", "--json")
        read = factory(workspace, "kpi", "show", "par_90", "--json")
        unchanged = factory(workspace, "run", "--month-ends", "--json")
    assert (refused.code, refused.document["error"]["type"]) == (1, "WriterBusy")
    assert f"process {pid}" in refused.document["error"]["what"]
    assert (read.code, read.document["value"]) == (0, "75")
    assert (unchanged.code, unchanged.document["status"]) == (0, "unchanged")


def test_an_ingest_is_a_writer_too(factory: Factory, workspace: Path, tmp_path: Path) -> None:
    generate(BookPlan(loans=5, months=2), tmp_path / "export")
    with another_writer(workspace) as pid:
        refused = factory(workspace, "ingest", "cascade", tmp_path / "export", "--json")
    assert (refused.code, refused.document["error"]["type"]) == (1, "WriterBusy")
    assert f"process {pid}" in refused.document["error"]["what"]


def test_what_another_run_published_while_this_one_waited_is_carried_over(
    factory: Factory, workspace: Path, small_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking at the published version and taking the pen, another run publishes."""
    small_book.loan(500, disbursed="2025-05-15").land(Workspace(workspace).raw("cascade"))
    taken, others = lock.writer_lock, []

    def after_another(path: Path, purpose: str, clock: Clock) -> Any:  # noqa: ANN401
        if not others:
            others.append("2025-05-15")
            assert factory(workspace, "run", "--as-of", "2025-05-15").code == 0
        return taken(path, purpose, clock)

    monkeypatch.setattr(lock, "writer_lock", after_another)
    assert factory(workspace, "run", "--as-of", "2025-06-15").code == 0
    history = factory(workspace, "kpi", "history", "outstanding", "--json").document
    assert {"2025-05-15", "2025-06-15"} <= {each["as_of"] for each in history["readings"]}


def test_a_balance_that_the_export_restated_is_named_so(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    """The second export adds a payment to L2 that the source's own balances do not show yet."""
    raw = workspace_with(small_book).raw("cascade")
    paid = small_book.add(
        "transactions",
        loan_key=3,
        loan_id="L2",
        transaction_type="PAYMENT",
        date_paid=datetime(2025, 6, 5, tzinfo=UTC).date(),
        principal=50,
    )
    paid.land(raw, FixedClock(datetime(2026, 2, 1, tzinfo=UTC)))
    root = raw.parents[2]
    assert factory(root, "run", "--json").code == 3
    document = factory(root, "reconcile", "--json").document
    causes = {(row["loan_id"], row["check"]): row["cause"] for row in document["open_rows"]}
    assert causes == {("L2", "loan_par_balances.balance"): "restated"}


def test_a_workspace_may_be_moved(factory: Factory, workspace: Path, tmp_path: Path) -> None:
    shutil.move(workspace, tmp_path / "elsewhere")
    assert factory(tmp_path / "elsewhere", "run", "--month-ends", "--json").document["status"] == (
        "unchanged"
    )


def test_what_cannot_be_read_in_the_inbox_does_not_stop_the_run(
    factory: Factory, workspace: Path
) -> None:
    """An empty folder is no export: it is put away as refused, and the run says so."""
    (workspace / "inbox" / "nothing-in-it").mkdir()
    outcome = factory(workspace, "run", "--json")
    assert outcome.code == 3
    assert len(outcome.document["refused_exports"]) == 1
    assert not (workspace / "inbox" / "nothing-in-it").exists()


def test_a_date_outside_the_book_is_refused_and_publishes_nothing(
    factory: Factory, workspace: Path
) -> None:
    before = (workspace / "warehouse" / "CURRENT").read_text()
    outcome = factory(workspace, "run", "--as-of", "2099-01-01", "--json")
    assert outcome.code == 2
    assert (workspace / "warehouse" / "CURRENT").read_text() == before
