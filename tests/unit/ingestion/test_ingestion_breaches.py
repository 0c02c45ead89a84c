"""Each breach of the contract sets its row aside under its name; nothing is lost."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from ingestion_book import (
    ARRIVED_ON,
    Export,
    Lander,
    codes,
    make_export,
    place_in,
    rows,
    set_aside,
)

from fintech_factory.clock import FixedClock
from fintech_factory.ingestion import Arrival, Landing, land

TOLERANT = ("max_bad_row_pct: 1.0", "max_bad_row_pct: 20")


@dataclass(frozen=True, slots=True)
class Faulty:
    """A landed export with every breach, and where each was planted."""

    landing: Landing
    planted: dict[str, tuple[str, int]]
    export: Export


def plant(export: Export) -> dict[str, tuple[str, int]]:
    """Plant one breach a loan; give (table, line) by the name of the breach."""
    loans, due = export["loans"], export["schedules"]
    paid, par = export["transactions"], export["loan_par_balances"]
    customers = export["customers"]
    return {
        "missing_required": ("transactions", paid.put(1, date_paid="")),
        "missing_loan_id": ("loans", loans.copy(0, loan_id="", customer_id="K0")),
        "bad_date": ("schedules", due.put(2, date_due="2025-02-30")),
        "bad_number": ("schedules", due.put(4, interest="12.3.4")),
        "not_finite": ("transactions", paid.put(7, principal="NaN")),
        "infinite": ("transactions", paid.put(9, fees="-Infinity")),
        "out_of_range": ("loans", loans.put(10, term="-30")),
        "unknown_word": ("transactions", paid.put(13, transaction_type="GIFT")),
        "half_a_day": ("loan_par_balances", par.put(14, dpd="1.5")),
        "no_boolean": ("loan_par_balances", par.put(15, is_writeoff="perhaps")),
        "negative_principal": ("transactions", paid.put(17, principal="-0.01")),
        "negative_disbursement": ("loans", loans.put(18, disburse_principal="-1500")),
        "orphan_schedule": ("schedules", due.put(40, loan_id="L-none")),
        "orphan_payment": ("transactions", paid.put(43, loan_id="L-none")),
        "orphan_balance": ("loan_par_balances", par.put(44, loan_id_raw="L-none")),
        "payment_before_disbursement": ("transactions", paid.put(47, date_paid="2024-12-31")),
        "future_payment": ("transactions", paid.put(49, date_paid="2025-07-02")),
        "duplicate_payment": ("transactions", paid.copy(51)),
        "duplicate_instalment": ("schedules", due.copy(52)),
        "duplicate_balance": ("loan_par_balances", par.copy(54)),
        "duplicate_customer": ("customers", customers.copy(30)),
        "equal_loan": ("loans", loans.copy(60)),
        "contrary_loan": ("loans", loans.copy(62, disburse_principal="7.0")),
        "contrary_balance": ("loan_par_balances", par.copy(130, outstanding_balance="7.0")),
        "overpayment": ("transactions", paid.copy(141, principal="500.28", date_paid="2025-06-01")),
        "currency_without_rate": ("loans", loans.put(80, currency="XXX")),
        "two_breaches": ("transactions", paid.put(183, date_paid="never", principal="inf")),
        "epoch": ("loans", loans.put(95, maturity_date="infinity")),
    }


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    folder = tmp_path_factory.mktemp("faulty")
    export = make_export()
    planted = plant(export)
    place = place_in(folder)
    place.contract.write_text(place.contract.read_text().replace(*TOLERANT))
    source = export.write(folder / "export")
    landing = land(Arrival((source,)), place, FixedClock(ARRIVED_ON))
    assert landing.status == "landed", landing.findings
    return Faulty(landing, planted, export)


@pytest.mark.parametrize(
    ("breach", "reason"),
    [
        ("missing_required", "missing_required"),
        ("missing_loan_id", "missing_required"),
        ("bad_date", "bad_date"),
        ("bad_number", "bad_number"),
        ("not_finite", "not_finite"),
        ("infinite", "not_finite"),
        ("out_of_range", "out_of_range"),
        ("unknown_word", "out_of_range"),
        ("half_a_day", "bad_number"),
        ("no_boolean", "out_of_range"),
        ("negative_principal", "negative_principal"),
        ("negative_disbursement", "negative_principal"),
        ("orphan_schedule", "orphan_schedule"),
        ("orphan_payment", "orphan_payment"),
        ("orphan_balance", "orphan_balance"),
        ("payment_before_disbursement", "payment_before_disbursement"),
        ("future_payment", "future_payment"),
        ("duplicate_payment", "duplicate_payment"),
        ("duplicate_instalment", "duplicate_instalment"),
        ("duplicate_balance", "duplicate_balance"),
        ("duplicate_customer", "duplicate_customer"),
        ("equal_loan", "duplicate_loan"),
        ("contrary_loan", "duplicate_loan"),
        ("contrary_balance", "duplicate_balance"),
        ("overpayment", "overpayment"),
        ("currency_without_rate", "currency_without_rate"),
        ("two_breaches", "bad_date,not_finite"),
        ("epoch", "bad_date"),
    ],
)
def test_a_breach_is_set_aside_under_its_name(faulty: Faulty, breach: str, reason: str) -> None:
    assert set_aside(faulty.landing).get(faulty.planted[breach]) == reason


def test_every_reason_is_a_finding_with_its_count_and_lines(faulty: Faulty) -> None:
    reasons = {code for each in set_aside(faulty.landing).values() for code in each.split(",")}
    assert reasons <= codes(faulty.landing)
    future = next(each for each in faulty.landing.findings if each.code == "future_payment")
    assert future.rows == 1
    assert future.evidence == ({"line": faulty.planted["future_payment"][1]},)


def test_rows_in_are_rows_landed_and_rows_set_aside(faulty: Faulty) -> None:
    for each in faulty.landing.files:
        if each.file:
            held = faulty.export[each.table].rows
            landed = rows(faulty.landing.folder / "landed" / f"{each.table}.parquet", "line_no")
            aside = {line for table, line in set_aside(faulty.landing) if table == each.table}
            assert each.rows == len(held)
            assert {line for (line,) in landed} | aside == set(range(2, len(held) + 2))
            assert len(landed) + len(aside) == len(held)


def test_the_text_of_a_row_set_aside_is_kept_as_received(faulty: Faulty) -> None:
    held = rows(faulty.landing.folder / "quarantine.parquet", '"table", line_no, row_text')
    for table, line, text in held:
        assert text == faulty.export[table].text().splitlines()[line - 1]


def test_of_equal_rows_the_first_stays(faulty: Faulty) -> None:
    assert ("transactions", 53) not in set_aside(faulty.landing)
    assert ("loans", 62) not in set_aside(faulty.landing)


def test_of_contradicting_loans_none_stays_and_the_reason_says_so(faulty: Faulty) -> None:
    line = faulty.planted["contrary_loan"][1]
    assert set_aside(faulty.landing)["loans", 64] == "duplicate_loan"
    notes = rows(
        faulty.landing.folder / "quarantine.parquet",
        "note",
        f"line_no IN (64, {line}) AND \"table\" = 'loans'",
    )
    assert all("conflicting" in note and f"64 {line}" in note for (note,) in notes)


def test_rows_of_a_loan_set_aside_follow_it_and_say_so(faulty: Faulty) -> None:
    table = faulty.landing.folder / "quarantine.parquet"
    notes = rows(table, "reasons, note", "\"table\" = 'schedules' AND line_no IN (22, 23)")
    assert [reasons for reasons, _ in notes] == ["orphan_schedule"] * 2
    assert all("set aside, loans line 12" in note for _, note in notes)
    (unknown,) = rows(table, "note", "row_text LIKE 'L-none%' AND \"table\" = 'transactions'")
    assert "no such loan" in unknown[0]


def test_rows_of_a_loan_without_a_rate_follow_it(faulty: Faulty) -> None:
    aside = set_aside(faulty.landing)
    assert aside["schedules", 162] == aside["schedules", 163] == "orphan_schedule"
    assert aside["transactions", 163] == "orphan_payment"


def test_totals_of_rows_set_aside_are_kept_apart(faulty: Faulty) -> None:
    totals = {each.table: each.totals for each in faulty.landing.files}
    in_all = sum(
        float(row[3]) for row in faulty.export["transactions"].rows if row[3] not in {"NaN", "inf"}
    )
    landed, aside = totals["transactions"]["landed"], totals["transactions"]["quarantined"]
    assert float(landed["principal"]) + float(aside["principal"]) == pytest.approx(in_all)


def test_only_the_payment_that_crosses_the_line_is_an_overpayment(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    paid = export["transactions"]
    crossing = paid.copy(1, principal="600", date_paid="2025-04-01")
    fitting = paid.copy(1, principal="500.25", date_paid="2025-04-02")
    landing = lands(export.write(tmp_path / "export"))
    assert set_aside(landing) == {("transactions", crossing): "overpayment"}
    assert fitting == crossing + 1


def test_principal_paid_to_the_cent_of_the_tolerance_is_no_overpayment(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    paid = export["transactions"]
    paid.copy(1, principal="500.26", date_paid="2025-04-01")
    over = paid.copy(3, principal="500.260001", date_paid="2025-04-01")
    landing = lands(export.write(tmp_path / "export"))
    assert set_aside(landing) == {("transactions", over): "overpayment"}


def test_an_overpaid_loan_may_still_be_paid_to_the_line(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    paid = export["transactions"]
    paid.copy(1, principal="500.26", date_paid="2025-04-01")
    over = paid.copy(1, principal="0.000001", date_paid="2025-04-02")
    landing = lands(export.write(tmp_path / "export"))
    assert set_aside(landing) == {("transactions", over): "overpayment"}


def test_a_payment_of_no_principal_lands(export: Export, lands: Lander, tmp_path: Path) -> None:
    export["transactions"].put(1, principal="0.0")
    assert set_aside(lands(export.write(tmp_path / "export"))) == {}


def test_a_payment_on_the_day_of_disbursement_or_arrival_lands(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    export["transactions"].put(1, date_paid="2025-01-01")
    export["transactions"].put(3, date_paid=ARRIVED_ON.isoformat())
    assert set_aside(lands(export.write(tmp_path / "export"))) == {}


def test_with_a_declared_as_of_a_later_payment_is_in_the_future(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    later = export["transactions"].put(1, date_paid="2025-05-02")
    landing = lands(export.write(tmp_path / "export"), as_of=ARRIVED_ON.replace(month=5))
    assert set_aside(landing) == {("transactions", later): "future_payment"}


@pytest.mark.parametrize(("bad", "status"), [(2, "landed"), (3, "refused")])
def test_more_than_one_percent_of_bad_rows_refuses_the_file(
    export: Export, lands: Lander, tmp_path: Path, bad: int, status: str
) -> None:
    for row in range(bad):  # of 240
        export["loans"].put(row, term="-1")
    for name in ("schedules", "transactions", "loan_par_balances"):
        export[name].rows = [each for each in export[name].rows if each[0] > "L-0003"]
    landing = lands(export.write(tmp_path / "export"))
    assert landing.status == status
    assert ("too_many_bad_rows" in codes(landing)) == (status == "refused")


def test_lines_of_a_wrong_width_are_set_aside_and_the_others_keep_their_numbers(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    lines = (source / "transactions.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].replace("USD", "USD,too,many")
    lines[6] = "L-0002,PAYMENT\n"
    lines.insert(10, "\n")
    (source / "transactions.csv").write_text("".join(lines))
    landing = lands(source)
    assert set_aside(landing) == {
        ("transactions", 5): "wrong_width",
        ("transactions", 7): "wrong_width",
    }
    landed = rows(landing.folder / "landed" / "transactions.parquet", "line_no, loan_id")
    assert len(landed) == 478
    for line, loan in landed:
        assert lines[line - 1].startswith(loan)


def test_a_line_break_inside_quotes_is_part_of_its_row(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    export["loans"].put(3, product_type='two\nlines, "quoted"')
    landing = lands(export.write(tmp_path / "export"))
    landed = dict(
        rows(landing.folder / "landed" / "loans.parquet", "loan_id, line_no", "line_no < 9")
    )
    assert landed == {"L-0000": 2, "L-0001": 3, "L-0002": 4, "L-0003": 5, "L-0004": 7, "L-0005": 8}
    kept = rows(landing.folder / "landed" / "loans.parquet", "product_type", "line_no = 5")
    assert kept == [('two\nlines, "quoted"',)]
    assert landing.quarantined == 0


def test_a_loan_without_its_customer_is_kept_or_set_aside_as_the_contract_says(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    line = export["loans"].put(5, customer_id="K-none")
    source = export.write(tmp_path / "export")
    kept = lands(source)
    assert kept.quarantined == 0
    assert "orphan_loan" in codes(kept)
    contract = tmp_path / "cascade.yaml"
    contract.write_text(contract.read_text().replace("keep: true", "keep: false"))
    aside = set_aside(lands(source))
    assert aside["loans", line] == "orphan_loan"
    assert aside["schedules", 12] == "orphan_schedule"
