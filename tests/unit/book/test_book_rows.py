"""What must hold in every row of a clean book."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from fintech_factory import book

Read = Callable[[Path, str], list[dict[str, str]]]

HEADERS = {
    "loans": (
        "loan_id,maturity_date,customer_id,application_date,disburse_date,pledge_date,"
        "product_type,loan_grade,lender,facility,total_fees,total_other,total_interest,"
        "credit_bureau_score,term,frequency,interest_rate,disburse_principal,"
        "outstanding_balance,currency,dpd,ratio_paid,loan_status,amount_buckets,company,"
        "loan_counts,term_buckets,location_state_province"
    ),
    "schedules": (
        "loan_id,date_due,principal,interest,other,fees,to_tax,add_balance,reduce_balance,currency"
    ),
    "transactions": (
        "loan_id,transaction_type,date_paid,principal,interest,other,fees,to_tax,add_balance,"
        "reduce_balance,currency"
    ),
    "customers": (
        "customer_id,customer_type,income,currency,gender,birth_date,channel_type,dependents,"
        "geography_city,geography_state,geography_country"
    ),
    "collaterals": (
        "loan_id,collateral_id,asset_type,purchase_value,appraisal_value,purchase_date,"
        "appraisal_date,currency"
    ),
    "loan_par_balances": (
        "loan_id_raw,reporting_date,dpd,dpd_date,is_writeoff,writeoff_type,loan_ccy,"
        "outstanding_balance,writeoff_outstanding_balance,xchg_rate_to_usd,"
        "outstanding_balance_usd,writeoff_outstanding_balance_usd,PAR_7_balance_usd,"
        "PAR_30_balance_usd,PAR_60_balance_usd,PAR_90_balance_usd"
    ),
    "export_definitions": "sheet,variable,description",
}


def money(row: dict[str, str], *names: str) -> Decimal:
    return sum((Decimal(row[name]) for name in names), Decimal())


def test_the_files_have_the_columns_of_the_export(mixed: Path) -> None:
    found = {path.stem: path.read_text("utf-8").partition("\n")[0] for path in mixed.glob("*.csv")}
    assert found == HEADERS


def test_the_balance_is_what_was_lent_less_what_was_repaid(mixed: Path, read: Read) -> None:
    repaid: dict[str, Decimal] = defaultdict(Decimal)
    lent: dict[str, Decimal] = {}
    for row in read(mixed, "transactions"):
        if row["transaction_type"] == "DISBURSEMENT":
            assert row["loan_id"] not in lent
            lent[row["loan_id"]] = money(row, "principal")
        else:
            repaid[row["loan_id"]] += money(row, "principal")
    for loan in read(mixed, "loans"):
        principal = money(loan, "disburse_principal")
        assert lent.pop(loan["loan_id"]) == principal
        balance = principal - repaid[loan["loan_id"]]
        assert money(loan, "outstanding_balance") == balance >= 0
        assert abs(float(loan["ratio_paid"]) - float(1 - balance / principal)) < 1e-12
    assert not lent


def test_the_schedule_adds_up_to_the_loan(mixed: Path, read: Read) -> None:
    due: dict[str, Counter[str]] = defaultdict(Counter)
    days = set()
    for row in read(mixed, "schedules"):
        assert (row["loan_id"], row["date_due"]) not in days
        days.add((row["loan_id"], row["date_due"]))
        for name in ("principal", "interest", "fees"):
            assert money(row, name) >= 0
            due[row["loan_id"]][name] += Decimal(row[name])  # type: ignore[assignment]
    for loan in read(mixed, "loans"):
        total = due[loan["loan_id"]]
        assert total["principal"] == money(loan, "disburse_principal")
        assert total["interest"] == money(loan, "total_interest")
        assert total["fees"] == money(loan, "total_fees")


def test_the_rate_is_interest_and_fees_on_principal_over_the_term(mixed: Path, read: Read) -> None:
    for loan in read(mixed, "loans"):
        made, ends = (date.fromisoformat(loan[k]) for k in ("disburse_date", "maturity_date"))
        assert int(loan["term"]) == (ends - made).days > 0
        cost = money(loan, "total_interest", "total_fees") / money(loan, "disburse_principal")
        assert abs(cost * 365 / int(loan["term"]) - Decimal(loan["interest_rate"])) <= Decimal(
            "0.0005"
        )


def test_nothing_is_paid_before_the_loan_or_after_the_book(large: Path, read: Read) -> None:
    made = {row["loan_id"]: row["disburse_date"] for row in read(large, "loans")}
    days = [(row["date_paid"], made[row["loan_id"]]) for row in read(large, "transactions")]
    assert all(day >= made_on for day, made_on in days)
    assert max(days)[0] == "2025-12-10"
    assert min(days)[0] == "2023-01-01"


def test_a_short_loan_paid_early_is_not_paid_before_it_was_made(tmp_path: Path, read: Read) -> None:
    book.generate(book.BookPlan(loans=9_000, months=9, seed=2, instalments=(1, 1)), tmp_path)
    made = {row["loan_id"]: row["disburse_date"] for row in read(tmp_path, "loans")}
    paid = [row for row in read(tmp_path, "transactions") if row["transaction_type"] == "PAYMENT"]
    assert all(row["date_paid"] >= made[row["loan_id"]] for row in paid)


def test_a_loan_has_one_payment_a_day_and_perhaps_a_rebate(large: Path, read: Read) -> None:
    days: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in read(large, "transactions"):
        if row["transaction_type"] == "PAYMENT":
            days[row["loan_id"], row["date_paid"]].append(row["principal"])
    assert all(len(each) == 1 or each[1:] == ["0.0"] for each in days.values())


def test_no_row_is_there_twice(large: Path, read: Read) -> None:
    for table in ("loans", "schedules", "transactions", "customers", "loan_par_balances"):
        seen = Counter(tuple(row.values()) for row in read(large, table))
        assert max(seen.values()) == 1, table


def test_every_row_finds_its_loan_and_every_loan_its_borrower(mixed: Path, read: Read) -> None:
    loans = read(mixed, "loans")
    ids = {row["loan_id"]: row["currency"] for row in loans}
    assert len(ids) == len(loans) == 600
    for table in ("schedules", "transactions", "collaterals"):
        assert all(ids[row["loan_id"]] == row["currency"] for row in read(mixed, table)), table
    borrowers = {row["customer_id"] for row in read(mixed, "customers")}
    assert {row["customer_id"] for row in loans} == borrowers


def test_the_source_s_words_for_a_loan_agree_with_its_balance(mixed: Path, read: Read) -> None:
    for loan in read(mixed, "loans"):
        balance, dpd = money(loan, "outstanding_balance"), int(loan["dpd"])
        if balance <= Decimal("0.01"):
            assert loan["loan_status"] == "Complete"
        else:
            assert loan["loan_status"] == ("Default" if dpd > 0 else "Current")


def test_amounts_are_written_as_the_source_writes_them(mixed: Path, read: Read) -> None:
    texts = {row[k] for row in read(mixed, "schedules") for k in ("principal", "interest", "other")}
    assert "0.0" in texts
    assert all(str(float(text)) == text for text in texts)
