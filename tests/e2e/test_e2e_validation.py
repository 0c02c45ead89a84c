"""What goes wrong between two exports is flagged, named, and stopped where it must be."""

import csv
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from e2e_validated import Factory, Table, Turn, batch, current, findings, run

# One worker: the book, and the workspace that it is published in, are shared.
pytestmark = pytest.mark.xdist_group("validation")


def renamed(old: str, new: str) -> Callable[[Table], Table]:
    return lambda rows: [{new if key == old else key: row[key] for key in row} for row in rows]


def without_one_payment(rows: Table) -> Table:
    paid = next(row for row in rows if row["transaction_type"] == "PAYMENT")
    return [row for row in rows if row is not paid]


def test_a_clean_export_leaves_nothing_to_act_on(factory: Factory, good: Path, turn: Turn) -> None:
    turn("2025-12-11T02:00")
    outcome = factory(good, "findings", "--json")
    assert outcome.code == 0
    assert {each["severity"] for each in outcome.document["findings"]} <= {"info"}
    said = factory(good, "findings", "list", "--state", "accepted", "--owner", "technology").out
    assert said.splitlines()[1].split()[1:5] == [
        "accepted",
        "warning",
        "technology",
        "status_against_balance",
    ]
    assert outcome.document["stale"] is None


def test_one_dropped_row_is_flagged_and_its_loan_is_named(
    factory: Factory, root: Path, clean: Path, changed: Callable[..., Path]
) -> None:
    with (clean / "transactions.csv").open(encoding="utf-8", newline="") as file:
        lost = next(row for row in csv.DictReader(file) if row["transaction_type"] == "PAYMENT")
    factory(root, "ingest", "cascade", changed("transactions", without_one_payment))
    outcome = run(factory, root)
    assert (outcome.code, outcome.document["status"]) == (3, "published")
    found = findings(outcome.document)["source_figures_open loans.balance"]
    assert [row["loan_id"] for row in found["evidence"]] == [lost["loan_id"]]
    passed = outcome.document["observed"]["reconciliation_pass_rate"]
    assert int(passed["whole"]) > int(passed["part"])


def test_a_run_and_its_rerun_exit_with_3_until_what_they_found_is_answered(
    factory: Factory, root: Path, changed: Callable[..., Path], turn: Turn
) -> None:
    """Two rows of the source differ from ours; the reconciliation of the rerun is not made anew."""
    factory(root, "ingest", "cascade", changed("transactions", without_one_payment))
    first = run(factory, root)
    count = first.document["open"]["warning"]
    assert (first.code, first.document["open"].keys()) == (3, {"warning"})
    again = factory(root, "run", "--month-ends")
    assert again.code == 3
    assert f"open findings: {count} warning; see `factory findings`" in again.out.splitlines()
    # A run of an old date met none of it; it is open all the same.
    backfill = factory(root, "run", "--as-of", "2025-08-15", "--json")
    assert (backfill.code, backfill.document["open"]["warning"] >= count) == (3, True)

    said = ("--reason", "told the source", "--by", "ana", "--until", "2025-12-20")
    for each in factory(root, "findings", "list", "--state", "open", "--json").document["findings"]:
        if each["severity"] != "info":
            factory(root, "findings", "accept", each["id"], *said)
    # The version in force is the old date's: the month-ends are published once more, and kept.
    for status in ("published", "unchanged"):
        answered = run(factory, root)
        assert (answered.code, answered.document["open"]) == (0, {})
        assert answered.document["status"] == status
    turn("2025-12-21T02:00")
    assert run(factory, root).code == 3


def test_a_balance_that_the_source_shifts_is_flagged_and_its_loan_is_named(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    def shift(rows: Table) -> Table:
        row = next(each for each in rows if float(each["outstanding_balance"]) > 100)
        row["outstanding_balance"] = str(float(row["outstanding_balance"]) + 1)
        shifted.append(row["loan_id"])
        return rows

    shifted: list[str] = []
    factory(root, "ingest", "cascade", changed("loans", shift))
    found = findings(run(factory, root).document)["source_figures_open loans.balance"]
    assert [row["loan_id"] for row in found["evidence"]] == shifted


def test_a_renamed_column_stops_the_publish_and_the_last_good_version_is_labelled(
    factory: Factory, root: Path, turn: Turn, changed: Callable[..., Path], clean: Path
) -> None:
    before = current(root)
    shown = factory(root, "kpi", "show", "outstanding", "--json").document
    torn = changed("loans", renamed("maturity_date", "end_of_term"))
    factory(root, "ingest", "cascade", torn, "--as-of", "2025-12-11")
    blocked = run(factory, root)
    assert (blocked.code, blocked.document["status"]) == (3, "blocked")
    assert blocked.document["steps"][-1]["status"] == "blocked"
    found = findings(blocked.document)["column_gone loans"]
    assert "maturity_date" in found["message"]
    assert blocked.document["blocking"] == [found["id"]]
    assert current(root) == before

    for noun in (
        ("kpi", "show", "outstanding"),
        ("kpi", "show"),
        ("kpi", "history", "outstanding"),
        ("views", "show", "overview"),
        ("reconcile",),
        ("findings",),
    ):
        stale = factory(root, *noun, "--json").document["stale"]
        assert stale["findings"] == [found["id"]], noun
        assert "column_gone" in stale["reason"]
        assert stale["since"] == "2025-12-12T02:00:00+00:00"
        assert "STALE since 2025-12-12 02:00 UTC" in factory(root, *noun).out, noun
    still = factory(root, "kpi", "show", "outstanding", "--json").document
    assert (still["value"], still["run_id"]) == (shown["value"], before)
    # The day after, nothing has come either: a second cause, of a later day, beside the first.
    turn("2025-12-13T04:00")
    both = factory(root, "kpi", "show", "outstanding", "--json").document["stale"]
    assert [each["since"][:16] for each in both["causes"]] == [
        "2025-12-12T02:00",
        "2025-12-13T03:30",
    ]
    assert (both["since"], both["findings"][0]) == (stale["since"], found["id"])
    assert "column_gone" in both["causes"][0]["reason"]
    assert "; since 2025-12-13 03:30 UTC: the export of 2025-12-12" in both["reason"]
    turn("2025-12-12T02:00")
    # Blocked again: nothing has changed, and the broken export is no standard for the next.
    assert run(factory, root).document["status"] == "blocked"

    turn("2025-12-12T03:00")
    factory(root, "ingest", "cascade", clean, "--as-of", "2025-12-11")
    healed = run(factory, root)
    assert (healed.code, healed.document["status"]) == (0, "published")
    assert healed.document["stale"] is None
    assert factory(root, "kpi", "show", "outstanding", "--json").document["stale"] is None
    again = factory(root, "findings", "show", found["id"], "--json").document
    assert (again["state"], again["history"][-1]["event"]) == ("fixed", "fixed")


def test_the_same_broken_export_a_day_later_is_still_held_to_the_last_good_one(
    factory: Factory, root: Path, turn: Turn, changed: Callable[..., Path]
) -> None:
    rename = renamed("maturity_date", "end_of_term")
    factory(root, "ingest", "cascade", changed("loans", rename), "--as-of", "2025-12-11")
    assert run(factory, root).document["status"] == "blocked"
    turn("2025-12-13T02:00")
    torn = changed("loans", lambda rows: rename(rows)[::-1], "again")
    assert factory(root, "ingest", "cascade", torn, "--as-of", "2025-12-12").code == 0
    assert run(factory, root).document["status"] == "blocked"


def test_an_accepted_finding_lets_the_run_publish_until_its_day(
    factory: Factory, root: Path, turn: Turn, changed: Callable[..., Path]
) -> None:
    torn = changed("loans", renamed("maturity_date", "end_of_term"))
    factory(root, "ingest", "cascade", torn, "--as-of", "2025-12-11")
    (stop,) = run(factory, root).document["blocking"]
    said = ("--reason", "the source dropped it", "--by", "ana")
    late = factory(root, "findings", "accept", stop, *said, "--until", "2025-12-11", "--json")
    assert late.code == 2
    accepted = factory(
        root, "findings", "accept", stop, *said, "--until", "2025-12-12", "--json"
    ).document
    assert (accepted["state"], accepted["accepted"]["by"]) == ("accepted", "ana")
    published = run(factory, root).document
    assert (published["status"], published["stale"]) == ("published", None)
    turn("2025-12-13T02:00")
    assert run(factory, root, "--force").document["status"] == "blocked"


def test_a_finding_that_is_taken_back_stops_again(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    torn = changed("loans", renamed("maturity_date", "end_of_term"))
    factory(root, "ingest", "cascade", torn, "--as-of", "2025-12-11")
    (stop,) = run(factory, root).document["blocking"]
    said = ("--reason", "asked", "--by", "ana")
    factory(root, "findings", "accept", stop, *said, "--until", "2026-01-31")
    reopened = factory(root, "findings", "reopen", stop, *said, "--json").document
    assert reopened["state"] == "open"
    assert run(factory, root).document["status"] == "blocked"
    assert factory(root, "findings", "reopen", stop, *said).code == 2


def test_half_the_rows_missing_are_refused_and_that_is_a_finding(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    half = changed("transactions", lambda rows: rows[len(rows) * 55 // 100 :])
    assert factory(root, "ingest", "cascade", half, "--as-of", "2025-12-11").code == 1
    outcome = factory(root, "findings", "--json")
    assert outcome.code == 3
    found = findings(outcome.document)["export_refused cascade"]
    assert found["evidence"][0]["code"] == "half_rows_missing"


def test_a_day_without_an_export_is_missing_and_never_zero(
    factory: Factory, root: Path, turn: Turn, clean: Path
) -> None:
    """Yesterday's file comes again; at half past three it is known that today's did not."""
    again = factory(root, "ingest", "cascade", clean, "--json").document
    assert again["status"] == "unchanged"
    turn("2025-12-12T03:29")
    assert factory(root, "findings", "--json").code == 0
    turn("2025-12-12T03:30")
    outcome = factory(root, "findings", "--json")
    missing = findings(outcome.document)["export_missing cascade"]
    assert (outcome.code, missing["evidence"][0]["expected"]) == (3, "2025-12-11")
    shown = factory(root, "kpi", "show", "outstanding", "--json").document
    assert float(shown["value"]) > 0
    assert shown["stale"]["findings"] == [missing["id"]]
    assert shown["stale"]["since"] == "2025-12-12T03:30:00+00:00"
    # It says nothing of a month that was over long before.
    past = factory(root, "kpi", "show", "outstanding", "--as-of", "2025-10-31", "--json")
    assert past.document["stale"] is None
    # An unchanged run says so too, and nobody had to compute anything.
    unchanged = run(factory, root).document
    assert (unchanged["status"], unchanged["stale"]) == ("unchanged", shown["stale"])


def test_lateness_that_no_run_has_seen_can_be_accepted(
    factory: Factory, root: Path, turn: Turn
) -> None:
    turn("2025-12-12T04:00")
    missing = findings(factory(root, "findings", "--json").document)["export_missing cascade"]
    said = ("--reason", "holiday", "--by", "ana", "--until", "2025-12-12")
    factory(root, "findings", "accept", missing["id"], *said)
    assert factory(root, "findings", "--json").code == 0
    listed = factory(root, "findings", "list", "--state", "accepted", "--json").document
    assert missing["id"] in [each["id"] for each in listed["findings"]]


def corrupt_received(root: Path) -> None:
    path = batch(root) / "received" / "loans.csv"
    path.write_bytes(path.read_bytes().replace(b"USD", b"EUR", 1))


def lose_received(root: Path) -> None:
    (batch(root) / "received" / "loans.csv").unlink()


def lose_a_landed_row(root: Path) -> None:
    path = batch(root) / "landed" / "schedules.parquet"
    whole = duckdb.sql(f"SELECT * FROM '{path}' ORDER BY line_no DESC OFFSET 1")
    whole.write_parquet(str(path.with_suffix(".new")))
    path.with_suffix(".new").rename(path)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (corrupt_received, "raw_file_changed received.sha256"),
        (lose_received, "raw_file_changed received.sha256"),
        (lose_a_landed_row, "rows_lost schedules.rows"),
        (lose_a_landed_row, "landed_sum_changed schedules.sums"),
    ],
)
def test_what_was_damaged_on_disk_stops_the_publish(
    factory: Factory, root: Path, damage: Callable[[Path], None], code: str
) -> None:
    before = current(root)
    damage(root)
    reconciled = factory(root, "reconcile", "--as-of", "2025-11-30", "--json")
    opened = {each["name"] for each in reconciled.document["checks"] if each["verdict"] == "open"}
    assert (reconciled.code, len(opened) >= 1) == (3, True)
    outcome = run(factory, root, "--force").document
    assert (outcome["status"], current(root)) == ("blocked", before)
    assert code in findings(outcome)


# Both engines read the landed rows; these faults are planted in what only the first one reads.
@pytest.mark.parametrize(
    ("model", "edit", "code"),
    [
        (
            "loan_snapshot",
            ("ELSE balance END AS outstanding", "ELSE balance + 1 END AS outstanding"),
            "sub_ledger_open sub_ledger",
        ),
        (
            "roll_forward",
            ("COALESCE(s.closing, 0) AS closing,", "COALESCE(s.closing, 0) + 1 AS closing,"),
            "roll_forward_open roll_forward",
        ),
        (
            "fact_payment",
            ("FROM stg_payment", "FROM stg_payment WHERE line_no > 20"),
            "model_incomplete fact_payment.loaded",
        ),
    ],
)
def test_a_model_that_shifts_a_balance_stops_the_publish(
    factory: Factory, root: Path, model: str, edit: tuple[str, str], code: str
) -> None:
    path = root / "sql" / "models" / f"{model}.sql"
    text = path.read_text(encoding="utf-8")
    assert edit[0] in text
    path.write_text(text.replace(*edit, 1), encoding="utf-8")
    settings = root / "config" / "validation.yaml"
    text = settings.read_text(encoding="utf-8")
    more = text.replace("  blocks:\n", "  blocks:\n    - model_incomplete\n")
    settings.write_text(more, encoding="utf-8")
    before = current(root)
    outcome = run(factory, root, "--force").document
    assert (outcome["status"], current(root)) == ("blocked", before)
    assert code in findings(outcome)


def test_engines_that_disagree_past_the_limit_stop_the_publish(
    factory: Factory, root: Path
) -> None:
    settings = root / "config" / "validation.yaml"
    text = settings.read_text(encoding="utf-8").replace("withheld_pct: 95", "withheld_pct: 1")
    settings.write_text(text, encoding="utf-8")
    path = root / "sql" / "models" / "loan_snapshot.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n  dpd,\n", "\n  dpd + 1 AS dpd,\n", 1), encoding="utf-8")
    before = current(root)
    outcome = run(factory, root)
    assert (outcome.code, outcome.document["status"]) == (3, "blocked")
    found = findings(outcome.document)["engines_disagree readings"]
    assert (found["severity"], found["id"] in outcome.document["blocking"]) == ("critical", True)
    assert found["rows"] == outcome.document["withheld"] > 0
    assert current(root) == before


def test_a_backfill_does_not_sweep_away_what_is_found_today(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    factory(root, "ingest", "cascade", changed("transactions", without_one_payment))
    found = findings(run(factory, root).document)["source_figures_open loans.balance"]
    backfill = factory(root, "run", "--as-of", "2025-08-15", "--json").document
    assert backfill["status"] == "published"
    listed = factory(root, "findings", "show", found["id"], "--json").document
    assert (listed["state"], listed["as_of"]) == ("open", "2025-12-10")
