"""Currencies other than the reporting one need a rate, from the source or the settings."""

from pathlib import Path

from ingestion_book import Export, Lander, rows, set_aside

RATES = "rates: []"


def in_currency(export: Export, loan: int, currency: str) -> None:
    """Put one loan and all its rows into a currency."""
    export["loans"].put(loan, currency=currency)
    for name in ("schedules", "transactions"):
        for row in (2 * loan, 2 * loan + 1):
            export[name].put(row, currency=currency)


def rated(export: Export, loan: int, currency: str, *rates: str) -> None:
    for row, rate in enumerate(rates):
        export["loan_par_balances"].put(2 * loan + row, loan_ccy=currency, xchg_rate_to_usd=rate)


def settings(tmp_path: Path, before: str, after: str) -> None:
    factory = tmp_path / "factory.yaml"
    text = factory.read_text()
    assert before in text
    factory.write_text(text.replace(before, after))


def test_the_sources_rates_land_by_currency_and_day(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    in_currency(export, 3, "MXN")
    rated(export, 3, "MXN", "0.0485", "0.0512")
    landing = lands(export.write(tmp_path / "export"))
    assert landing.quarantined == 0
    held = rows(landing.folder / "landed" / "fx_rates.parquet")
    assert [(currency, str(day), str(rate)) for currency, day, rate in held] == [
        ("MXN", "2025-02-28", "0.04850000"),
        ("MXN", "2025-03-20", "0.05120000"),
    ]


def test_a_book_in_the_reporting_currency_has_no_rates(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    landing = lands(export.write(tmp_path / "export"))
    assert rows(landing.folder / "landed" / "fx_rates.parquet") == []


def test_a_currency_without_a_rate_sets_the_loan_and_its_rows_aside(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    in_currency(export, 3, "MXN")
    landing = lands(export.write(tmp_path / "export"))
    both = "currency_without_rate,orphan_"
    assert set_aside(landing) == {
        ("loans", 5): "currency_without_rate",
        ("schedules", 8): both + "schedule",
        ("schedules", 9): both + "schedule",
        ("transactions", 8): both + "payment",
        ("transactions", 9): both + "payment",
        ("loan_par_balances", 8): "orphan_balance",
        ("loan_par_balances", 9): "orphan_balance",
    }


def test_a_rate_of_the_settings_is_enough(export: Export, lands: Lander, tmp_path: Path) -> None:
    in_currency(export, 3, "MXN")
    source = export.write(tmp_path / "export")
    before = lands(source)
    settings(tmp_path, RATES, "rates:\n  - {currency: MXN, from: 2025-01-01, rate: 0.05}")
    landing = lands(source)
    assert landing.batch_id != before.batch_id
    assert landing.quarantined == 0
    held = rows(landing.folder / "landed" / "fx_rates.parquet")
    assert [(currency, str(day), str(rate)) for currency, day, rate in held] == [
        ("MXN", "2025-01-01", "0.05000000")
    ]


def test_rates_are_turned_to_another_reporting_currency(
    export: Export, lands: Lander, tmp_path: Path
) -> None:
    in_currency(export, 3, "MXN")
    rated(export, 3, "MXN", "0.05", "0.05")
    in_currency(export, 4, "EUR")
    rated(export, 4, "EUR", "1.1", "1.1")
    settings(tmp_path, "reporting: USD", "reporting: MXN")
    landing = lands(export.write(tmp_path / "export"))
    assert landing.quarantined == 0
    held = rows(landing.folder / "landed" / "fx_rates.parquet")
    worth = {(currency, str(rate)) for currency, _, rate in held}
    assert worth == {("USD", "20.00000000"), ("EUR", "22.00000000")}
