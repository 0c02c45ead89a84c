"""`factory views` from a landed book to what people and programs read."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app import Factory as App
from fintech_factory.clock import FixedClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book, book
from fintech_factory.views.catalogue import View
from fintech_factory.views.spec import BOOK, TableSpec

Factory = Callable[..., Any]

AS_OF = "2025-06-30"


def test_every_view_is_listed_with_its_tables(factory: Factory, published: Path) -> None:
    listed = factory(published, "views", "list", "--json").document["views"]
    assert [each["view"] for each in listed] == [
        "overview", "key_indicators", "traction", "delinquency", "collection", "curves", "cohort",
        "characteristics", "concentration", "cash_flow", "monitor", "provisions", "restatement",
    ]  # fmt: skip
    assert "ageing" in next(each for each in listed if each["view"] == "delinquency")["tables"]


def test_a_view_is_one_document_with_decimals_as_text(factory: Factory, published: Path) -> None:
    shown = factory(published, "views", "show", "delinquency", "--as-of", AS_OF, "--json").document
    assert (shown["view"], shown["as_of"], shown["partial"]) == ("delinquency", AS_OF, False)
    book_rows = [row for row in shown["tables"]["ageing"] if row["dimension"] == BOOK]
    assert {row["bucket"]: row["balance"] for row in book_rows} == {
        "current": "500.000000", "91-180": "1500.000000",
    }  # fmt: skip
    assert sum(Decimal(row["share"]) for row in book_rows) == 100


def test_a_date_that_no_run_published_is_made_for_the_while(
    factory: Factory, published: Path
) -> None:
    shown = factory(published, "views", "show", "delinquency", "--as-of", "2025-06-12", "--json")
    assert shown.document["as_of"] == "2025-06-12"
    assert shown.document["partial"] is True
    assert all(row["partial"] for row in shown.document["tables"]["ageing"])


def test_month_ends_are_shown_in_one_document(factory: Factory, published: Path) -> None:
    shown = factory(
        published, "views", "show", "delinquency", "--table", "ageing", "--month-ends", "--json"
    ).document
    days = [each["as_of"] for each in shown["dates"]]
    assert days[0] == "2024-12-31"
    assert days[-1] == AS_OF
    assert all(list(each["tables"]) == ["ageing"] for each in shown["dates"])


def test_a_view_for_people_names_its_tables_and_what_is_missing(
    factory: Factory, published: Path
) -> None:
    out = factory(published, "views", "show", "delinquency", "--language", "es").out
    assert "Antigüedad" in out
    out = factory(published, "views", "show", "restatement").out
    assert "loans: needs an earlier export" in out


def test_csv_of_one_table_is_plain_csv(factory: Factory, published: Path) -> None:
    out = factory(
        published, "views", "show", "delinquency", "--table", "ageing", "--csv", "--as-of", AS_OF
    ).out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["as_of"] for row in rows} == {AS_OF}
    assert {row["partial"] for row in rows} == {"no"}


def test_a_text_that_would_be_a_formula_is_no_formula_in_csv(
    factory: Factory, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(book().loan(entity="=1+1").ending("2025-03-31")).root
    assert factory(root, "run").code == 0
    out = factory(root, "views", "show", "delinquency", "--table", "ageing", "--csv").out
    assert "'=1+1" in out
    assert ",=1+1" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "delinquncy"], "did you mean 'delinquency'"),
        (["show", "delinquency", "--table", "agein"], "did you mean 'ageing'"),
        (["show", "delinquency", "--as-of", AS_OF, "--month-ends"], "leave --as-of out"),
        (["show", "delinquency", "--against", "x"], "only restatement"),
        (["show", "delinquency", "--csv", "--json"], "two forms of one output"),
        (["loans", "delinquency", "ageing", "--csv", "--json"], "two forms of one output"),
        (["show", "restatement", "--against", "x"], "no export 'x' has landed"),
        (["loans", "delinquency", "ageing", "--where", "bucket"], "no COLUMN=VALUE"),
        (["loans", "delinquency", "ageing", "--where", "size=1"], "does not open by size"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_be_right(
    factory: Factory, published: Path, arguments: list[str], said: str
) -> None:
    outcome = factory(published, "views", *arguments)
    assert outcome.code == 2
    assert said in (outcome.out if "--json" in arguments else outcome.err)


def test_a_date_before_the_book_shows_nothing_and_says_so(
    factory: Factory, published: Path
) -> None:
    outcome = factory(published, "views", "show", "delinquency", "--as-of", "2020-01-31")
    assert outcome.code == 2
    assert "the book begins on 2024-12-02" in outcome.err


@pytest.mark.parametrize("day", ["2025-07-01", "2026-06-30"])
def test_a_month_that_has_not_begun_in_the_data_is_no_row_of_zeros(
    factory: Factory, published: Path, day: str
) -> None:
    """Nothing was due or came in it because nothing is known of it."""
    outcome = factory(published, "views", "show", "overview", "--as-of", day)
    assert outcome.code == 2
    assert "the data ends on 2025-06-30; this month has not begun in it" in outcome.err


def test_a_table_without_rows_says_so(factory: Factory, published: Path) -> None:
    shown = ["views", "show", "cash_flow", "--table", "weeks", "--as-of", "2025-06-05"]
    assert "no rows" not in factory(published, *shown).out
    out = factory(published, "views", "show", "delinquency", "--table", "cure",
                  "--as-of", "2024-12-31").out  # fmt: skip
    assert "no rows at this date" in out


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["dimension=foo", "member=x"], "'foo' is no dimension of delinquency.ageing"),
        (
            ["dimension='' || (SELECT MAX(x) FROM (SELECT 'x' AS x)) ", "member=x"],
            "is no dimension",
        ),
        (["dimension=entity"], "it is not said which entity"),
        (["dimension=entity", "member=Nowhere"], "has dimension=entity, member=Nowhere"),
        (["bucket=999"], "no row of delinquency.ageing has bucket=999"),
        (["bucket=' OR 1=1 --"], "no row of delinquency.ageing has bucket=' OR 1=1 --"),
    ],
)
def test_cells_that_no_row_has_are_refused_and_never_run(
    factory: Factory, published: Path, cells: list[str], said: str
) -> None:
    """A misspelling is not answered with no loans, and a column's name never comes from outside."""
    where = [part for cell in cells for part in ("--where", cell)]
    outcome = factory(published, "views", "loans", "delinquency", "ageing", *where)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_table_whose_file_was_deleted_is_missing_and_says_so(
    factory: Factory, workspace_with: Callable[[Book], Workspace]
) -> None:
    """In a view that SQL alone makes, and in one that a maker adds to."""
    root = workspace_with(book().loan().ending("2025-03-31")).root
    for file in ("delinquency/ageing", "cash_flow/contractual"):
        (root / "sql" / "views" / f"{file}.sql").unlink()
    assert factory(root, "run").code == 0
    for view, table in (("delinquency", "ageing"), ("cash_flow", "contractual")):
        shown = factory(root, "views", "show", view, "--table", table, "--json").document
        needs = f"sql/views/{view}/{table}.sql is not in this workspace"
        assert (shown["tables"], shown["missing"]) == ({}, [{"table": table, "needs": needs}])
        shown = factory(root, "views", "show", view, "--json").document
        assert len(shown["tables"]) > 2
        outcome = factory(root, "views", "loans", view, table)
        assert (outcome.code, needs in outcome.err) == (2, True)


def test_every_sum_opens_to_the_loans_that_make_it(published: Path) -> None:
    """Each number of each table that names its loans is the sum over just those loans."""
    views = App(Workspace(published)).views
    opened = 0
    for view in views.catalogue.views.values():
        shown = {table.name: table for table in views.show(view.name, None).tables}
        for spec in _drillable(view):
            for row in shown[spec.table].rows:
                loans = views.loans(view.name, spec.table, None, _key(spec, row))
                for column in set(loans.columns) & set(_sums(row)):
                    of_loans = sum((each[column] or 0 for each in loans.rows), Decimal(0))
                    assert of_loans == row[column], (spec.model, column, row)
                    opened += 1
    assert opened > 10


def _drillable(view: View) -> Iterator[TableSpec]:
    return (spec for spec in view.specs if spec.shown and spec.drill is not None)


def _key(spec: TableSpec, row: Any) -> dict[str, str]:  # noqa: ANN401 - cells of any kind
    assert spec.drill is not None
    names = [*spec.drill.keys, *(["dimension", "member"] if spec.drill.by_dimension else [])]
    return {name: "" if row[name] is None else str(row[name]) for name in names}


def _sums(row: Any) -> list[str]:  # noqa: ANN401 - cells of any kind
    return [name for name, value in row.items() if isinstance(value, Decimal)]


def test_two_exports_of_one_day_are_told_apart_loan_by_loan(
    factory: Factory, workspace: Path, small_book: Book
) -> None:
    """The newer export knows that L3 was repaid on the last day."""
    restated = small_book.add(
        "transactions", loan_key=4, loan_id="L3", currency="USD", transaction_type="PAYMENT",
        date_paid=small_book.data_through, principal=Decimal(1200),
    )  # fmt: skip
    restated.land(Workspace(workspace).raw("cascade"), FixedClock(datetime(2099, 1, 1, tzinfo=UTC)))
    assert factory(workspace, "run").code in {0, 3}
    tables = factory(workspace, "views", "show", "restatement", "--json").document["tables"]
    (loan,) = tables["loans"]
    assert (loan["loan_id"], loan["balance_then"], loan["balance_now"]) == (
        "L3", "1200.000000", "0.000000",
    )  # fmt: skip
    par_90 = next(row for row in tables["kpis"] if row["kpi"] == "par_90")
    assert (Decimal(par_90["then"]), Decimal(par_90["now"])) == (75, Decimal("37.5"))
