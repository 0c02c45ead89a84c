"""Financial statements: landed by the template, judged row by row, and what they divide to."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.analytics.statement_ratios import FORMULAS, RATIOS, ratio_at
from fintech_factory.clock import FixedClock
from fintech_factory.errors import BatchRefused, IngestError, SourceUnreadable
from fintech_factory.ingestion.sources.statements import (
    LINES,
    Statement,
    land_statements,
    statements_in_force,
    template,
)
from fintech_factory.views.facilities.observed import observe_statements
from fintech_factory.views.table import ViewDate

NOON = FixedClock(datetime(2026, 1, 2, 12, tzinfo=UTC))
LATER = FixedClock(datetime(2026, 2, 2, 12, tzinfo=UTC))
HEADER, EXAMPLE = template().splitlines()


def row(period_end: str = "2025-12-31", **cells: str) -> str:
    given = dict(zip(HEADER.split(","), EXAMPLE.split(","), strict=True))
    return ",".join((given | {"period_end": period_end} | cells).values())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "statements.csv"


def write(file: Path, *rows: str, header: str = HEADER) -> Path:
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def test_the_template_lands_as_it_is(file: Path, tmp_path: Path) -> None:
    file.write_text(template(), encoding="utf-8")
    landed = land_statements(file, tmp_path / "raw", NOON)
    assert (landed.status, landed.set_aside) == ("landed", ())
    (statement,) = statements_in_force(tmp_path / "raw")
    assert (statement.period_end, statement.months) == (date(2025, 12, 31), 3)
    assert set(statement.lines) == set(LINES)
    assert (landed.folder / "received.csv").read_bytes() == file.read_bytes()


def test_columns_may_come_in_any_order_and_a_byte_order_mark(file: Path, tmp_path: Path) -> None:
    names, cells = HEADER.split(","), EXAMPLE.split(",")
    turned = f"\ufeff{','.join(reversed(names)).upper()}\r\n{','.join(reversed(cells))}\r\n"
    file.write_text(turned, encoding="utf-8", newline="")
    landed = land_statements(file, tmp_path / "raw", NOON)
    assert landed.statements[0].lines["cash"] == 180_000


def test_the_same_bytes_again_change_nothing(file: Path, tmp_path: Path) -> None:
    write(file, row())
    first = land_statements(file, tmp_path / "raw", NOON)
    again = land_statements(file, tmp_path / "raw", LATER)
    assert (again.status, again.batch_id) == ("unchanged", first.batch_id)
    assert len(list((tmp_path / "raw").glob("statements-*"))) == 1


def test_a_restated_period_is_taken_from_the_newest_file_and_the_older_stays(
    file: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    old = land_statements(write(file, row("2025-09-30"), row(cash="1")), raw, NOON)
    new = land_statements(write(file, row(cash="2")), raw, LATER)
    in_force = {each.period_end: each for each in statements_in_force(raw)}
    assert in_force[date(2025, 12, 31)].lines["cash"] == 2
    assert in_force[date(2025, 12, 31)].batch_id == new.batch_id
    assert in_force[date(2025, 9, 30)].batch_id == old.batch_id
    assert old.folder.is_dir()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"period_end": "31/12/2025"}, "is no day"),
        ({"period_end": "2025-02-30"}, "is no day"),
        ({"period_end": "2026-01-31"}, "the period has not ended: 2026-01-31 lies after"),
        ({"months": "2"}, "months `2` is not 1, 3, 6 or 12"),
        ({"currency": "usd"}, "no code of three capitals"),
        ({"cash": "1.000,50"}, "cells"),
        ({"cash": "1e5"}, "cash: `1e5` is no amount"),
        ({"cash": ""}, "cash: empty"),
        ({"cash": "-1"}, "cash: -1 is negative"),
        ({"equity": "NaN"}, "equity: `NaN` is no amount"),
    ],
)
def test_a_row_that_breaks_the_contract_is_set_aside_with_its_reason(
    file: Path, tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    write(file, row("2025-09-30"), row(**cells))
    landed = land_statements(file, tmp_path / "raw", NOON)
    assert [each.period_end for each in landed.statements] == [date(2025, 9, 30)]
    (bad,) = landed.set_aside
    assert bad.line == 3
    assert any(reason in each for each in bad.reasons), bad.reasons
    assert land_statements(file, tmp_path / "raw", NOON).set_aside == landed.set_aside


def test_a_loss_and_used_up_equity_are_no_faults(file: Path, tmp_path: Path) -> None:
    write(file, row(net_income="-5", equity="-1"))
    assert land_statements(file, tmp_path / "raw", NOON).set_aside == ()


def test_a_period_twice_in_a_file_is_set_aside_both_times(file: Path, tmp_path: Path) -> None:
    write(file, row("2025-09-30"), row(), row(cash="1"))
    landed = land_statements(file, tmp_path / "raw", NOON)
    assert [each.line for each in landed.set_aside] == [3, 4]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("equity", "equit"), "lacks equity and has the unknown equit"),
        (HEADER + ",cash", "repeats cash"),
        ("", "lacks period_end"),
    ],
)
def test_other_columns_refuse_the_file_and_what_landed_stays(
    file: Path, tmp_path: Path, header: str, said: str
) -> None:
    raw = tmp_path / "raw"
    land_statements(write(file, row()), raw, NOON)
    write(file, row(), header=header)
    with pytest.raises(BatchRefused, match=said):
        land_statements(file, raw, LATER)
    assert len(statements_in_force(raw)) == 1


def test_a_file_without_a_usable_row_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BatchRefused, match="line 2: months `0`"):
        land_statements(write(file, row(months="0")), tmp_path / "raw", NOON)
    with pytest.raises(BatchRefused, match="holds no row"):
        land_statements(write(file), tmp_path / "raw", NOON)
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a\x00b", b"x" * 1_000_001])
def test_what_is_no_text_cannot_be_read(file: Path, tmp_path: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(SourceUnreadable):
        land_statements(file, tmp_path / "raw", NOON)
    with pytest.raises(SourceUnreadable):
        land_statements(tmp_path / "none.csv", tmp_path / "raw", NOON)


def test_what_was_changed_after_it_landed_is_not_read(file: Path, tmp_path: Path) -> None:
    landed = land_statements(write(file, row()), tmp_path / "raw", NOON)
    (landed.folder / "received.csv").write_text("other", encoding="utf-8")
    with pytest.raises(IngestError, match="not what it was"):
        statements_in_force(tmp_path / "raw")


def statement(period_end: str, months: int = 3, **lines: int) -> Statement:
    all_lines = {name: Decimal(lines.get(name, 0)) for name in LINES}
    return Statement(date.fromisoformat(period_end), months, "USD", all_lines)


def test_margins_are_a_years_over_average_loans() -> None:
    """(90 - 30) x 4 over (900 + 1,100) / 2 = 240 / 1,000; 15 x 4 over it = 60 / 1,000."""
    given = [
        statement("2025-06-30", gross_loans=900),
        statement("2025-09-30", gross_loans=1100, interest_income=90, interest_expense=30,
                  provision_expense=15),
    ]  # fmt: skip
    day = date(2025, 10, 15)
    assert ratio_at("nim", given, day).value == 24
    assert ratio_at("cost_of_risk", given, day).value == 6
    lonely = ratio_at("nim", given[1:], day)
    assert lonely.value is None
    assert "2025-06-30" in lonely.reason


def test_quotients_of_one_period() -> None:
    given = [
        statement("2025-09-30", total_debt=800, equity=200, net_income=-30, interest_expense=90,
                  provision_expense=10, debt_service=50, cash=100)
    ]  # fmt: skip
    day = date(2025, 9, 30)
    assert ratio_at("debt_to_equity", given, day).value == 4
    assert ratio_at("dscr", given, day).value == Decimal("1.2")
    assert ratio_at("runway_months", given, day).value == 15


@pytest.mark.parametrize(
    ("name", "lines", "reason"),
    [
        ("debt_to_equity", {"equity": 0}, "equity is used up"),
        ("dscr", {"debt_service": 0}, "nothing was paid"),
        ("runway_months", {"net_income": -5, "provision_expense": 5}, "no cash is being lost"),
    ],
)
def test_a_ratio_without_a_meaning_has_a_reason(
    name: str, lines: dict[str, int], reason: str
) -> None:
    found = ratio_at(name, [statement("2025-09-30", **lines)], date(2025, 12, 31))
    assert found.value is None
    assert reason in found.reason


def test_without_statements_nothing_is_observed_and_the_reason_is_said() -> None:
    on = ViewDate(date(2025, 12, 31), date(2025, 12, 10), partial=True)
    nothing = observe_statements([], on)
    assert set(nothing) == set(RATIOS) == set(FORMULAS)
    assert {each.reason for each in nothing.values()} == {"needs financial statements"}
    late = observe_statements([statement("2025-12-31", equity=1)], on)
    assert late["debt_to_equity"].reason == "needs financial statements: none ends by 2025-12-10"
    known = observe_statements([statement("2025-11-30", equity=2, total_debt=6)], on)
    assert (known["debt_to_equity"].part, known["debt_to_equity"].whole) == (6, 2)
