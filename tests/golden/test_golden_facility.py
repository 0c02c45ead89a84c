"""A facility over the worked book (see `worked_book` in conftest), worked by hand at 30 June 2025.

```
pool   1,000+500+200+500+800+700+400+300+500+250+500 (L11 is repaid)            = 5,650, 11 loans
less   written off L8 300; too late L6 L7 1,100 (L8 too, counted before);
       too large L1 1,000; foreign L12 500 (its 10,000 pesos are 500)           = 2,900
eligible  L2 500, L3 200, L4 500, L5 800, L9 500, L10 250                       = 2,750, 6 loans
discounts L4 at day 30 counts 80 % = 400, L5 at day 90 counts 25 % = 200:
          100 + 600                                                             =   700
          what counts: Ana 500, Beto 200+400 = 600, Caro 200, Elsa 500, Fito 250 = 2,050
excess    a borrower 20 % of 2,750 = 550: Beto 600 lies                50 above
          two largest 35 % = 962.50: Beto 550 + Ana 500 (before Elsa by name)
          = 1,050 lie                                               87.50 above
          of which Ana 500/1,050 = 41.666667, so Ana 458.333333, Beto 504.166667
          an entity 44 % = 1,210: North = Ana + Beto + Fito 250 = 1,212.50, 2.50 above
          50 + 87.50 + 2.50                                                     =   140
net       2,750 - 700 - 140                                                     = 1,910
x 80 %    availability 1,528; + cash 100 - drawn 1,500 = surplus                    128
cover     (1,910 + 100) / 1,500                                                 = 134 %
PAR 90    20.56 % of the worked book, above 20: breach; in May 700 / 6,050 = 11.57 %
interest  1,500 x 12 % x 89, 91, 92 days / 360 = 44.50, 45.50, 46.00;
          after 300 are repaid on 30 September 1,200 x 12 % x 92 / 360          = 36.80
```
"""

import os
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "worked_facility"
Factory = Callable[..., str]
Tables = dict[str, list[dict[str, Any]]]
PAGES = {
    "monitor": ["views", "show", "monitor"],
    "certificate": ["views", "certificate", "line"],
}


@pytest.fixture(scope="module")
def monitored(worked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked book's workspace with the facility."""
    root = tmp_path_factory.mktemp("monitored") / "workspace"
    shutil.copytree(worked, root)
    shutil.copy(HERE / "line.yaml", root / "config" / "facilities")
    return root


@pytest.fixture(scope="module")
def tables(document: Callable[..., Any], monitored: Path) -> Tables:
    shown = document(monitored, "views", "show", "monitor")
    assert shown["missing"] == [
        {
            "table": "financial_covenants",
            "needs": "no facility has a financial covenant in force",
        }
    ]
    found: Tables = shown["tables"]
    return found


def unnamed(text: str) -> str:
    """Take out what no two runs share: a run's own name, and hashes of its inputs."""
    text = re.sub(r"run-\d{8}T\d+Z-[0-9a-f]{6}", "RUN", text)
    text = re.sub(r"fintech-factory \d\S*", "fintech-factory VERSION", text)
    return re.sub(r"\b[0-9a-f]{64}\b", "SHA-256", text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_as_it_did(factory: Factory, monitored: Path, page: str) -> None:
    said = unnamed(factory(monitored, *PAGES[page]))
    path = HERE / f"{page}.txt"
    if os.environ.get("FACTORY_UPDATE_GOLDEN") == "1":
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|tmp|work|root)/", said)


def decimals(row: dict[str, Any], *names: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(row[name]) for name in names)


def test_each_loan_is_counted_once_under_its_first_rule(tables: Tables) -> None:
    found = {
        row["rule"]: (row["loans"], Decimal(row["balance"]), row["loans_by_rule"])
        for row in tables["eligibility"]
    }
    assert found == {
        "written_off": (1, 300, 1),
        "too_late": (2, 1100, 3),
        "too_large": (1, 1000, 1),
        "foreign": (1, 500, 1),
        "eligible": (6, 2750, 6),
    }


def test_the_reasons_of_a_loan_are_all_that_hold(tables: Tables) -> None:
    reasons = {row["loan_id"]: row["reasons"] for row in tables["ineligible"]}
    assert reasons == {
        "L1": "principal above 900",
        "L6": "more than 90 days past due",
        "L7": "more than 90 days past due",
        "L8": "written off by policy; more than 90 days past due",
        "L12": "not in dollars",
    }


def test_discounts_count_by_days_past_due(tables: Tables) -> None:
    assert [row["bucket"] for row in tables["dpd_discounts"]] == ["0-29", "30-89", "90+"]
    assert [decimals(row, "balance", "counted") for row in tables["dpd_discounts"]] == [
        (1450, 1450), (500, 400), (800, 200),
    ]  # fmt: skip


def test_no_balance_is_deducted_twice_by_concentration_limits(tables: Tables) -> None:
    found = {
        (row["limit"], row["member"]): decimals(row, "counted", "allowed", "excess")
        for row in tables["concentration"]
    }
    assert found == {
        ("one_borrower", "Beto"): (600, 550, 50),
        ("top_two", "largest 2"): (1050, Decimal("962.5"), Decimal("87.5")),
        ("one_entity", "North"): (Decimal("1212.5"), 1210, Decimal("2.5")),
    }


def test_the_borrowing_base_is_what_the_hand_worked_out(tables: Tables) -> None:
    (base,) = tables["borrowing_base"]
    names = ("pool", "ineligible", "eligible", "discounts", "excess", "net_eligible")
    assert decimals(base, *names) == (5650, 2900, 2750, 700, 140, 1910)
    assert decimals(base, "availability", "cash", "drawn", "surplus") == (1528, 100, 1500, 128)
    assert decimals(base, "drawable", "collateralisation") == (128, 134)
    assert base["state"] == "surplus"


def test_covenants_stand_where_the_hand_puts_them(tables: Tables) -> None:
    par_90, cover = tables["covenants"]
    assert decimals(par_90, "part", "whole") == (1100, 5350)
    assert (par_90["state"], par_90["breach_since"]) == ("breach", "2025-06-30")
    assert (par_90["days_to_breach"], par_90["course"]) == (0, "already breached")
    assert round(Decimal(par_90["headroom"]), 2) == Decimal("-0.56")
    assert decimals(cover, "value", "headroom") == (134, 14)
    assert round(Decimal(cover["headroom_percent"]), 2) == Decimal("11.67")
    assert (cover["state"], cover["days_to_breach"]) == ("warning", None)
    assert cover["reason"] == "a trend needs 3 earlier figures, 1 are known"


def test_payments_bear_the_interest_of_their_days(tables: Tables) -> None:
    assert [
        (row["due_on"], Decimal(row["interest"]), Decimal(row["principal"]), row["state"])
        for row in tables["payments"]
    ] == [
        ("2025-03-31", Decimal("44.50"), 0, "done late"),
        ("2025-06-30", Decimal("45.50"), 0, "due today"),
        ("2025-09-30", Decimal("46.00"), 300, "to come"),
        ("2025-12-31", Decimal("36.80"), 0, "to come"),
    ]


def test_reports_are_due_after_each_period(tables: Tables) -> None:
    assert [(row["period_end"], row["due_on"], row["state"]) for row in tables["obligations"]] == [
        ("2025-03-31", "2025-04-30", "done late"),
        ("2025-06-30", "2025-07-30", "to come"),
        ("2025-09-30", "2025-10-30", "to come"),
    ]


@pytest.mark.parametrize(
    ("table", "where", "loans"),
    [
        ("borrowing_base", [], {f"L{no}" for no in range(1, 13)} - {"L11"}),
        ("eligibility", ["rule=too_late"], {"L6", "L7"}),
        ("eligibility", ["rule=eligible"], {"L2", "L3", "L4", "L5", "L9", "L10"}),
        ("ineligible", [], {"L1", "L6", "L7", "L8", "L12"}),
        ("dpd_discounts", ["step_from=30"], {"L4"}),
        ("concentration", ["limit=one_borrower", "member=Beto"], {"L3", "L4"}),
        ("concentration", ["limit=top_two"], {"L2", "L3", "L4"}),
        ("concentration", ["limit=one_entity", "member=North"], {"L2", "L3", "L4", "L10"}),
    ],
)
def test_a_row_opens_to_its_loans(
    document: Callable[..., Any], monitored: Path, table: str, where: list[str], loans: set[str]
) -> None:
    cells = [part for cell in where for part in ("--where", cell)]
    found = document(monitored, "views", "loans", "monitor", table, *cells)["loans"]
    assert {loan["loan_id"] for loan in found} == loans
