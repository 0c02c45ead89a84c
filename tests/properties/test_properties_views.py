"""Every view on random books: parts add up to their whole, and nothing is lost on the way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from properties_book import DAYS, LIGHT, LOANS, a_book, a_ledger, day

from fintech_factory.pipeline.view_facts import Asked, show_view, snapshot_dates
from fintech_factory.testing import RULES, Book, Ledger, default_models
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.provisioning import Provisioning

Cells = Mapping[str, Any]
CATALOGUE = Catalogue.of(default_models())
# A percentage is rounded at 8 places; some tens of them together miss 100 by less than this.
ROUNDING = Decimal("1e-6")
DIMENSIONS = {
    "book", "entity", "product", "borrower_segment", "state", "size_bucket", "term_bucket",
    "currency",
}  # fmt: skip


# The first drawn book is always the plainest: some more, so that every test sees rolls and losses.
FEW = given_settings(LIGHT, max_examples=6)


def long(numbers: Sequence[int]) -> list[date]:
    """Give the drawn days and a last one, so that there is a history to look back on."""
    return [day(number) for number in sorted({*numbers, 300})]


@pytest.fixture(scope="session")
def settings(view_settings: dict[str, Any]) -> dict[str, Any]:
    """The shipped settings, content with one month of rolls and one default."""
    shipped: Provisioning = view_settings["provisioning"]
    short = shipped.model_copy(
        update={
            "matrix": shipped.matrix.model_copy(update={"min_months": 1}),
            "lgd": shipped.lgd.model_copy(update={"min_defaults": 1, "workout_months": 1}),
        }
    )
    return view_settings | {"provisioning": short}


def tables(ledger: Ledger, view: str, settings: Mapping[str, Any]) -> list[dict[str, list[Cells]]]:
    """Show a view at every snapshot of a ledger."""
    dates = tuple(snapshot_dates(ledger.build).values())
    asked = Asked(dates, dates[-1].cut_on, RULES, settings)
    shown = show_view(ledger.build, CATALOGUE.get(view), asked)
    return [{table.name: list(table.rows) for table in each.tables} for each in shown]


def sums(rows: Iterable[Cells], by: tuple[str, ...], *figures: str) -> dict[Any, list[Decimal]]:
    added: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(figures))
    for row in rows:
        key = tuple(row[name] for name in by)
        added[key] = [
            total + (row[name] or 0) for total, name in zip(added[key], figures, strict=True)
        ]
    return added


PARTS = {
    "overview_parts": ("loans", "balance", "outstanding", "written_off", "cash_month",
                       "at_risk_30", "at_risk_90"),
    "delinquency_ageing": ("loans", "balance", "outstanding", "written_off"),
    "delinquency_par_ladder": ("at_risk_at_least", "at_risk_beyond"),
    "delinquency_roll_matrix": ("loans", "opening_balance", "balance"),
    "collection_rates": ("cash_30d", "cash_month", "due_to_date", "due_by_now", "paid_due",
                         "recovered", "written_off_before"),
    "traction_month": ("loans", "principal", "cost"),
    "cash_flow_contractual": ("instalments", "principal", "charges", "total"),
    "provisions_exposure": ("loans", "balance", "outstanding", "written_off"),
}  # fmt: skip
# What rolls is known by fewer parts; recovery with it.
FEWER = {
    "delinquency_roll_matrix": {"book", "entity", "product", "state"},
    "cash_flow_contractual": {"book", "entity", "product", "state", "currency"},
}
ROLLED = ("recovered", "written_off_before")


@FEW
@given(LOANS, DAYS)
def test_the_members_of_every_dimension_add_up_to_the_book(
    loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans, ["USD", "MXN"]), long(numbers)) as ledger:
        for model, figures in PARTS.items():
            rows = ledger.history(model)
            wanted = FEWER.get(model, DIMENSIONS)
            for as_of in {row["as_of"] for row in rows}:
                mine = [row for row in rows if row["as_of"] == as_of]
                added = sums(mine, ("dimension",), *figures)
                assert {dimension for (dimension,) in added} == wanted, model
                for (dimension,), found in added.items():
                    for name, part, whole in zip(figures, found, added["book",], strict=True):
                        if name in ROLLED and dimension not in FEWER["delinquency_roll_matrix"]:
                            continue
                        assert part == whole, (model, dimension, name, as_of)


@FEW
@given(LOANS, DAYS)
def test_par_falls_as_its_days_grow_in_each_definition(
    loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        by_member = defaultdict(list)
        for row in ledger.history("delinquency_par_ladder"):
            by_member[row["as_of"], row["dimension"], row["member"]].append(row)
        assert by_member
        for rungs in by_member.values():
            rungs.sort(key=lambda row: row["days"])
            assert [row["days"] for row in rungs] == [1, 7, 30, 60, 90, 180]
            for lower, higher in pairwise(rungs):
                for rule in ("at_least", "beyond", "beyond_incl_writeoff"):
                    assert lower[f"at_risk_{rule}"] >= higher[f"at_risk_{rule}"]
            for row in rungs:
                assert row["at_risk_at_least"] >= row["at_risk_beyond"]
                assert row["at_risk_beyond_incl_writeoff"] >= row["at_risk_beyond"]


@FEW
@given(LOANS, DAYS)
def test_every_row_of_a_matrix_adds_up_to_a_hundred(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        delinquency = tables(ledger, "delinquency", settings)
        provisions = tables(ledger, "provisions", settings)
    shown = [each[name] for each in delinquency for name in ("roll_matrix", "roll_matrix_12m")]
    used = [each.get("matrix", []) for each in provisions]
    assert any(shown)
    assert any(used)
    for rows in [*shown, *used]:
        keys = [
            name for name in ("dimension", "member", "opening_state") if rows and name in rows[0]
        ]
        wholes = sums(rows, tuple(keys), "opening_balance")
        for key, (share, loans_share) in sums(rows, tuple(keys), "share", "loans_share").items():
            assert abs(loans_share - 100) < ROUNDING
            # Beside its loans, a matrix that losses are made of knows what became of dust.
            if 0 < wholes[key][0] < 1 and rows in shown:
                mine = [row for row in rows if tuple(row[name] for name in keys) == key]
                assert all(row["share"] is None for row in mine)
            else:
                assert abs(share - 100) < ROUNDING


@FEW
@given(LOANS, DAYS)
def test_the_matrix_opens_with_the_last_month_ends_balances(
    loans: list[Any], numbers: list[int]
) -> None:
    """Of one currency: what rolls at a date is what the book held at the month-end before it."""
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        opened = sums(
            ledger.history("delinquency_roll_matrix", dimension="book"),
            ("as_of",), "opening_balance", "loans",
        )  # fmt: skip
        held = sums(
            ledger.history("delinquency_ageing", dimension="book"), ("as_of",), "balance", "loans"
        )
        dates = ledger.build.query(
            "SELECT d.as_of, o.as_of FROM snapshot_date AS d JOIN snapshot_date AS o"
            " ON o.seq = d.opening_seq"
        )
    for as_of, opening in dates:
        assert opened[as_of,] == held[opening,]


@FEW
@given(LOANS, DAYS)
def test_open_instalments_are_the_schedule_less_what_was_paid(
    loans: list[Any], numbers: list[int]
) -> None:
    """Beside a brute force from the landed rows: instalment by instalment, oldest first."""
    of = a_book(loans)
    with a_ledger(of, long(numbers)) as ledger:
        balances = {
            (row["as_of"], row["loan_key"]): row["balance"]
            for row in ledger.history("loan_snapshot")
        }
        rows = ledger.history("open_instalment")
        cuts = dict(ledger.build.query("SELECT as_of, cut_on FROM snapshot_date"))
    found = {
        (row["as_of"], row["loan_key"], row["instalment_no"]): (row["principal"], row["charges"])
        for row in rows
        if row["instalment_no"]
    }
    assert found == {
        (as_of, key, no): left
        for (as_of, key), balance in balances.items()
        if balance
        for no, left in open_of(of, key, cuts[as_of])
        if any(left)
    }
    principal = sums(rows, ("as_of", "loan_key"), "principal")
    for key, balance in balances.items():
        assert principal[key] == [balance]


def open_of(of: Book, key: int, cut: date) -> list[tuple[int, tuple[Decimal, Decimal]]]:
    due = [row for row in of.rows("schedules") if row["loan_key"] == key]
    due.sort(key=lambda row: (row["date_due"], row["line_no"]))
    paid = [
        row for row in of.rows("transactions") if row["loan_key"] == key and row["date_paid"] <= cut
    ]
    amounts = []
    for column in ("principal", "interest"):
        owed = before = Decimal(0)
        money = max(sum((row.get(column) or Decimal(0) for row in paid), Decimal(0)), Decimal(0))
        left = []
        for row in due:
            owed += row.get(column) or Decimal(0)
            still = max(owed - money, Decimal(0))
            left.append(still - before)
            before = still
        amounts.append(left)
    return [(no, pair) for no, pair in enumerate(zip(*amounts, strict=True), start=1)]


@FEW
@given(LOANS, DAYS)
def test_what_rolls_by_instalment_is_what_was_open(loans: list[Any], numbers: list[int]) -> None:
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        rolled = sums(ledger.history("instalment_roll"), ("as_of",), "opening_principal")
        still = sums(
            (row for row in ledger.history("open_instalment") if row["instalment_no"]),
            ("as_of",), "principal",
        )  # fmt: skip
        dates = ledger.build.query(
            "SELECT d.as_of, o.as_of FROM snapshot_date AS d JOIN snapshot_date AS o"
            " ON o.seq = d.opening_seq"
        )
        left = ledger.history("instalment_roll")
    for as_of, opening in dates:
        assert rolled[as_of,] == still[opening,]
    assert all(0 <= row["left_principal"] <= row["opening_principal"] for row in left)


@FEW
@given(LOANS, DAYS)
def test_every_scenario_conserves_principal(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    """Expected + written off and not recovered + still outstanding = the balance, in any window."""
    with a_ledger(a_book(loans, ["USD", "MXN"]), long(numbers)) as ledger:
        held = sums(ledger.history("loan_snapshot"), ("as_of",), "balance")
        shown = tables(ledger, "cash_flow", settings)
    for each in shown:
        came: dict[str, Decimal] = defaultdict(Decimal)
        for row in each.get("expected", []):
            came[row["scenario"]] += row["principal"]
            (balance,) = held[row["as_of"],]
            assert came[row["scenario"]] + row["outstanding"] + row["lost"] == balance
            flows = ("from_due", "from_late", "prepaid", "recovered", "written_off", "lost")
            assert all(row[flow] >= 0 for flow in flows)
            # Rounded flows may take a millionth each more than was there.
            assert row["outstanding"] > -Decimal("0.001")


@FEW
@given(LOANS, DAYS)
def test_provisions_add_up_and_stay_within_the_book(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans, ["USD", "MXN"]), long(numbers)) as ledger:
        held = sums(ledger.history("loan_snapshot"), ("as_of",), "outstanding")
        shown = tables(ledger, "provisions", settings)
    for each in shown:
        stages = each.get("stages", [])
        if not stages:
            continue
        whole = next(row for row in stages if row["stage"] == "all")
        parts = [row for row in stages if row["stage"] != "all"]
        assert whole["outstanding"] == held[whole["as_of"],][0]
        for figure in ("loans", "outstanding", "gross", "ecl"):
            assert sum(row[figure] for row in parts) == whole[figure]
            for dimension in ("book", "entity", "product"):
                rows = [row for row in each["ecl"] if row["dimension"] == dimension]
                assert sum(row[figure] for row in rows if row["stage"] == "all") == whole[figure]
        if whole["gross"] >= 1:
            assert abs(sum(row["gross_share"] for row in parts) - 100) < ROUNDING
        else:
            assert {row["gross_share"] for row in stages} == {None}
        assert 0 <= whole["ecl"] <= whole["gross"]
        assert all(row["ecl"] >= whole["ecl"] for row in each["sensitivity"])
        assert all(0 <= row["pd_1m"] <= row["pd_12m"] <= 100 for row in each["pd"])


@FEW
@given(LOANS, DAYS)
def test_concentration_shares_add_up_and_the_index_lies_between_its_ends(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        shown = tables(ledger, "concentration", settings)
    for each in shown:
        for shares in sums(each["members"], ("dimension",), "share").values():
            assert abs(shares[0] - 100) < ROUNDING or shares[0] == 0
        for row in each["members"]:
            assert (row["share"] is None) == (row["book_outstanding"] < 1)
        for row in each["hhi"]:
            assert (row["hhi"] is None) == (row["square_of_sum"] < 1)
            if row["hhi"] is not None:
                assert 100 / Decimal(row["members"]) - ROUNDING <= row["hhi"] <= 100
        tops = [row["top_outstanding"] for row in each["top"]]
        assert tops == sorted(tops)


@FEW
@given(LOANS, DAYS)
def test_traction_is_what_the_loans_say(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    of = a_book(loans)
    with a_ledger(of, long(numbers)) as ledger:
        shown = tables(ledger, "traction", settings)
        cuts = dict(ledger.build.query("SELECT as_of, cut_on FROM snapshot_date"))
    for each, (as_of, cut) in zip(shown, sorted(cuts.items()), strict=True):
        lent = [
            row["disburse_principal"]
            for row in of.rows("loans")
            if as_of.replace(day=1) <= row["disburse_date"] <= cut
        ]
        (found,) = [row for row in each["months"] if not row["months_back"]] or [None]
        assert found is not None
        assert (found["disbursed"], found["loans"]) == (sum(lent), len(lent))


@FEW
@given(LOANS, DAYS)
def test_every_row_of_a_month_in_progress_says_so(
    settings: dict[str, Any], loans: list[Any], numbers: list[int]
) -> None:
    """Each row has the label; a row of the date's own month has the date's own."""
    with a_ledger(a_book(loans), long(numbers)) as ledger:
        dates = list(snapshot_dates(ledger.build).values())
        for view in sorted({*CATALOGUE.views} - {"restatement"}):
            for on, each in zip(dates, tables(ledger, view, settings), strict=True):
                for name, rows in each.items():
                    assert all(isinstance(row["partial"], bool) for row in rows), (view, name)
                    own = [row for row in rows if row.get("month_end") == on.as_of]
                    assert all(row["partial"] == on.partial for row in own), (view, name)
