"""Views of the reference tape beside figures from its own files by plain Python; totals only."""

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.tape
Document = Callable[..., Any]
AS_OF = date(2025, 11, 30)
BEFORE = date(2025, 10, 31)
THROUGH = date(2025, 12, 10)
TOLERANCE = Decimal("0.005")
CASH = ("principal", "interest", "fees", "other", "to_tax")
BOUNDS = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"))


# Without a text of its own, so that a failing test prints no row of the tape.
@dataclass(frozen=True, slots=True, repr=False)
class Loan:
    """One loan of the tape: a single instalment, and its payments (day, principal, total)."""

    loan_id: str
    entity: str
    borrower: str
    disbursed: date
    due: date
    principal: Decimal
    total: Decimal
    paid: tuple[tuple[date, Decimal, Decimal], ...]

    def balance(self, day: date) -> Decimal:
        if self.disbursed > day:
            return Decimal(0)
        return self.principal - sum((p for on, p, _ in self.paid if on <= day), Decimal(0))

    def dpd(self, day: date) -> int:
        principal = sum((p for on, p, _ in self.paid if on <= day), Decimal(0))
        cash = sum((t for on, _, t in self.paid if on <= day), Decimal(0))
        open_ = principal < self.principal - TOLERANCE and cash < self.total - TOLERANCE
        return (day - self.due).days if open_ and self.due < day and self.balance(day) else 0

    def state(self, day: date) -> str:
        if not self.balance(day):
            return "repaid"
        dpd = self.dpd(day)
        return next((name for last, name in BOUNDS if dpd <= last), "written off")

    def cash(self, after: date, until: date) -> Decimal:
        return sum((t for on, _, t in self.paid if after < on <= until), Decimal(0))


def money(row: dict[str, str], *columns: str) -> Decimal:
    """Add amounts up at 6 places each: the export writes some as 5.68e-14."""
    places = Decimal("1e-6")
    return sum((Decimal(row[name] or 0).quantize(places) for name in columns), Decimal(0))


def day_of(text: str) -> date:
    return date.fromisoformat(text[:10])


@pytest.fixture(scope="module")
def loans(tape: Path) -> list[Loan]:
    rows = {
        name: list(csv.DictReader((tape / f"{name}.csv").read_text("utf-8-sig").splitlines()))
        for name in ("loans", "schedules", "transactions")
    }
    due = {row["loan_id"]: row for row in rows["schedules"]}
    paid: dict[str, list[tuple[date, Decimal, Decimal]]] = defaultdict(list)
    for row in rows["transactions"]:
        if row["transaction_type"] == "PAYMENT":
            paid[row["loan_id"]].append(
                (day_of(row["date_paid"]), money(row, "principal"), money(row, *CASH))
            )
    return [
        Loan(
            row["loan_id"],
            row["company"],
            row["customer_id"],
            day_of(row["disburse_date"]),
            day_of(due[row["loan_id"]]["date_due"]),
            money(row, "disburse_principal"),
            money(due[row["loan_id"]], *CASH),
            tuple(paid[row["loan_id"]]),
        )
        for row in rows["loans"]
    ]


@pytest.fixture(scope="module")
def shown(document: Document, tape_workspace: Path) -> Callable[[str], dict[str, Any]]:
    made: dict[str, Any] = {}

    def tables(view: str) -> dict[str, Any]:
        if view not in made:
            made[view] = document(tape_workspace, "views", "show", view, "--as-of", f"{AS_OF}")
        found: dict[str, Any] = made[view]["tables"]
        return found

    return tables


def of_book(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row["dimension"] == "book"]


Shown = Callable[[str], dict[str, Any]]


def test_the_contractual_schedule_is_what_the_files_leave_open(
    shown: Shown, loans: list[Loan]
) -> None:
    wanted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for loan in loans:
        balance = loan.balance(AS_OF)
        if not balance:
            continue
        due = (
            "written off" if loan.dpd(AS_OF) > 180
            else "to come" if loan.due >= AS_OF
            else "overdue" if loan.dpd(AS_OF)
            else "settled"
        )  # fmt: skip
        wanted[due, f"{loan.due:%Y-%m-01}" if due == "to come" else ""] += balance
    found = {
        (row["due"], row["due_month"] or ""): Decimal(row["principal"])
        for row in of_book(shown("cash_flow")["contractual"])
    }
    assert found == wanted


def test_the_roll_matrix_is_every_loan_at_both_month_ends(shown: Shown, loans: list[Loan]) -> None:
    counted: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for loan in loans:
        if balance := loan.balance(BEFORE):
            moved = counted[loan.state(BEFORE), loan.state(AS_OF)]
            moved[0] += 1
            moved[1] += balance
    found = {
        (row["opening_state"], row["outcome"]): [row["loans"], Decimal(row["opening_balance"])]
        for row in of_book(shown("delinquency")["roll_matrix"])
    }
    assert found == counted


def test_stages_are_every_loan_by_its_days(shown: Shown, loans: list[Loan]) -> None:
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for loan in loans:
        dpd = loan.dpd(AS_OF)
        stage = (
            "written off" if dpd > 180
            else "3" if dpd >= 90
            else "2" if dpd > 30
            else "1"
        )  # fmt: skip
        wanted[stage] += loan.balance(AS_OF)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in of_book(shown("provisions")["exposure"]):
        found[row["stage"]] += Decimal(row["balance"])
    assert found == wanted


def test_collection_of_each_entity_is_its_loans_cash(shown: Shown, loans: list[Loan]) -> None:
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for loan in loans:
        wanted[loan.entity] += loan.cash(AS_OF - timedelta(days=30), AS_OF)
    found = {
        row["member"]: Decimal(row["cash_30d"])
        for row in shown("collection")["rates"]
        if row["dimension"] == "entity"
    }
    assert found == wanted


def test_concentration_is_the_borrowers_own_sums(shown: Shown, loans: list[Loan]) -> None:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for loan in loans:
        if loan.dpd(AS_OF) <= 180:
            owed[loan.borrower] += loan.balance(AS_OF)
    ranked = sorted(owed.values(), reverse=True)
    top = {row["largest"]: Decimal(row["top_outstanding"]) for row in shown("concentration")["top"]}
    assert top == {n: sum(ranked[:n]) for n in (1, 5, 10, 20)}
    (hhi,) = [row for row in shown("concentration")["hhi"] if row["dimension"] == "borrower_id"]
    exact = sum(each * each for each in ranked) / sum(ranked) ** 2 * 100
    assert abs(Decimal(hhi["hhi"]) - exact) <= Decimal("1e-8")


def test_traction_of_every_month_is_what_was_lent_in_it(shown: Shown, loans: list[Loan]) -> None:
    lent: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for loan in loans:
        lent[f"{loan.disbursed:%Y-%m}"][0] += loan.principal
        lent[f"{loan.disbursed:%Y-%m}"][1] += 1
    rows = shown("traction")["months"]
    assert len(rows) == 25
    for row in rows:
        month = row["month_end"][:7]
        assert [Decimal(row["disbursed"]), row["loans"]] == lent[month]


def test_every_matrix_row_of_every_month_end_adds_up_to_a_hundred(
    document: Document, tape_workspace: Path
) -> None:
    """Where what began in a state is dust, shares of money are absent and those of loans stay."""
    for table in ("roll_matrix", "roll_matrix_12m"):
        dates = document(
            tape_workspace, "views", "show", "delinquency", "--table", table, "--month-ends"
        )["dates"]
        added: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for each in dates:
            for row in each["tables"][table]:
                key = (each["as_of"], row.get("member", ""), row.get("dimension", ""),
                       row["opening_state"])  # fmt: skip
                dust = 0 < Decimal(row["state_balance"]) < 1
                assert (row["share"] is None) == dust
                for name in ("loans_share",) if dust else ("share", "loans_share"):
                    added[*key, name] += Decimal(row[name])
        assert added
        assert all(abs(share - 100) < Decimal("1e-6") for share in added.values())


def test_what_was_expected_of_the_next_days_comes_near_what_came(
    document: Document, tape_workspace: Path, loans: list[Loan]
) -> None:
    """At the month-ends of 2024 and 2025; only loans of the day itself count.

    The mean miss was 11.5 % of what came in 30 days, 6.2 % in 60 and 5.4 % in 90.
    """
    dates = document(
        tape_workspace, "views", "show", "cash_flow", "--table", "days", "--month-ends"
    )["dates"]
    missed: dict[int, Decimal] = defaultdict(Decimal)
    came: dict[int, Decimal] = defaultdict(Decimal)
    for each in dates:
        as_of = day_of(each["as_of"])
        for row in each["tables"].get("days", []):
            until = as_of + timedelta(days=row["days"])
            if row["scenario"] != "base" or as_of.year < 2024 or until > THROUGH:
                continue
            real = sum((x.cash(as_of, until) for x in loans if x.disbursed <= as_of), Decimal(0))
            missed[row["days"]] += abs(Decimal(row["total"]) - real)
            came[row["days"]] += real
    errors = {days: missed[days] / came[days] * 100 for days in missed}
    assert {days: round(error, 1) for days, error in errors.items()} == {
        30: Decimal("11.5"), 60: Decimal("6.2"), 90: Decimal("5.4"),
    }  # fmt: skip


def test_provisions_make_sense_for_the_book(shown: Shown) -> None:
    """A short factoring book: a PD of three in a hundred, realised loss under the floor."""
    (lgd,) = shown("provisions")["lgd"]
    assert (lgd["basis"], round(Decimal(lgd["realised"]), 2)) == ("floor", Decimal("13.92"))
    pd = {row["state"]: round(Decimal(row["pd_12m"]), 2) for row in shown("provisions")["pd"]}
    assert [pd[state] for state in ("current", "1-30", "31-60", "61-90")] == [
        Decimal("3.00"), Decimal("16.59"), Decimal("46.34"), Decimal("78.06"),
    ]  # fmt: skip
    whole = next(row for row in shown("provisions")["stages"] if row["stage"] == "all")
    assert round(Decimal(whole["coverage"]), 2) == Decimal("1.50")
