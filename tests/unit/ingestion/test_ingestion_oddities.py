"""An oddity is named with its count and lines, and its row lands."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from ingestion_book import ARRIVED_ON, Export, Lander, make_export, place_in

from fintech_factory.clock import FixedClock
from fintech_factory.ingestion import Arrival, Landing, land
from fintech_factory.values import Finding


@dataclass(frozen=True, slots=True)
class Odd:
    """A landed export with every oddity, and the lines each was planted on."""

    landing: Landing
    planted: dict[tuple[str, str], list[int]]

    def found(self, table: str, code: str) -> Finding:
        file = f"{table}.csv"
        return next(
            each for each in self.landing.findings if (each.code, each.where) == (code, file)
        )


def plant(export: Export) -> dict[tuple[str, str], list[int]]:
    loans, due, paid = export["loans"], export["schedules"], export["transactions"]
    par, customers = export["loan_par_balances"], export["customers"]
    par.rows = [row for row in par.rows if not (row[0] == "L-0050" and row[1] == "2025-03-20")]
    return {
        ("transactions", "rebate_negative_interest"): [paid.put(1, interest="-3.5")],
        ("loans", "status_against_balance"): [
            loans.put(10, loan_status="Complete"),
            loans.put(11, loan_status="Default", dpd="5"),
        ],
        ("loans", "bucket_against_principal"): [
            loans.put(20, amount_buckets="0.5K-1K"),
            loans.put(21, amount_buckets=">100K"),
            loans.put(22, amount_buckets="2.5K-5K"),
        ],
        # (40.5 + 9.1) / 1000.5 * 365 / 60 = 0.30159
        ("loans", "rate_is_all_in_apr"): [loans.put(30, interest_rate="0.302")],
        ("transactions", "scientific_notation"): [paid.put(41, fees="5.68e-14")],
        ("customers", "place_case"): [customers.put(3, geography_city="LEÓN")],
        ("customers", "missing_place"): [
            customers.put(4, geography_city=""),
            customers.put(5, geography_city="Not Provided"),
        ],
        ("loans", "loan_missing_in_source"): [52],
        ("schedules", "balance_adjustment"): [due.put(60, reduce_balance="4.0")],
        ("transactions", "balance_adjustment"): [paid.put(61, add_balance="12.5")],
        ("loans", "restructured"): [loans.put(70, maturity_date="2025-02-01")],
        ("loans", "orphan_loan"): [loans.put(80, customer_id="K-none")],
    }


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    folder = tmp_path_factory.mktemp("odd")
    export = make_export()
    planted = plant(export)
    source = export.write(folder / "export")
    (source / "export_definitions.csv").write_text(
        "sheet,variable,description\nLoans,loan_id,Id\nLoans,upfront_fee,Gone\n"
    )
    landing = land(Arrival((source,)), place_in(folder), FixedClock(ARRIVED_ON))
    assert landing.status == "landed", landing.findings
    assert landing.quarantined == 0
    return Odd(landing, planted)


@pytest.mark.parametrize(
    ("table", "code"),
    sorted(plant(make_export())),
)
def test_an_oddity_is_named_with_its_lines(odd: Odd, table: str, code: str) -> None:
    found = odd.found(table, code)
    lines = odd.planted[table, code]
    assert found.rows == len(lines)
    assert [each["line"] for each in found.evidence] == lines


def test_a_column_that_is_always_empty_is_named(odd: Odd) -> None:
    found = odd.found("customers", "empty_column")
    assert [each["column"] for each in found.evidence] == ["income", "gender", "dependents"]


def test_a_column_that_is_always_zero_is_named(odd: Odd) -> None:
    found = odd.found("schedules", "constant_column")
    assert [each["column"] for each in found.evidence] == ["other", "add_balance"]


def test_names_only_in_the_dictionary_or_only_in_the_file_are_named(odd: Odd) -> None:
    found = odd.found("export_definitions", "dictionary_mismatch")
    assert {"table": "loans", "name": "upfront_fee", "only_in": "dictionary"} in found.evidence
    assert {"table": "loans", "name": "company", "only_in": "file"} in found.evidence
    assert not any(each["name"] == "loan_id" for each in found.evidence)


def test_the_loans_id_by_two_names_is_named(odd: Odd) -> None:
    found = next(each for each in odd.landing.findings if each.code == "id_column_differs")
    assert {each["header"] for each in found.evidence} == {"loan_id", "loan_id_raw"}


def test_evidence_stops_at_ten_rows_and_the_count_does_not(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    for row in range(1, 41, 2):
        export["transactions"].put(row, interest="-1")
    landing = lands(export.write(tmp_path / "export"))
    found = next(each for each in landing.findings if each.code == "rebate_negative_interest")
    assert (found.rows, len(found.evidence)) == (20, 10)


def test_a_clean_book_has_no_oddity_but_its_empty_columns(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    landing = lands(export.write(tmp_path / "export"))
    assert {each.code for each in landing.findings} == {
        "empty_column",
        "constant_column",
        "id_column_differs",
    }


def test_a_balance_dated_after_the_last_day_of_the_data_is_named(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    line = export["loan_par_balances"].put(1, reporting_date="2025-03-27")
    export["loan_par_balances"].put(3, reporting_date="2025-03-26")
    landing = lands(export.write(tmp_path / "export"))
    (found,) = [each for each in landing.findings if each.code == "reporting_date_after_data"]
    assert [each["line"] for each in found.evidence] == [line]


def test_a_repaid_loan_is_not_missed_in_the_source(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    export["transactions"].put(3, principal="1000.5")
    par = export["loan_par_balances"]
    par.rows = [row for row in par.rows if row[0] != "L-0001"]
    landing = lands(export.write(tmp_path / "export"))
    assert not any(each.code == "loan_missing_in_source" for each in landing.findings)
