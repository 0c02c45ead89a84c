"""What a facility's monitor says of small books."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from facilities_book import TERMS

from fintech_factory.analytics.breach import Course
from fintech_factory.errors import UsageError
from fintech_factory.testing import RULES, Book, Ledger, book
from fintech_factory.views.facilities.certificate import Provenance, certificate
from fintech_factory.views.facilities.monitor import NEEDS_FACILITY, Monitor
from fintech_factory.views.facilities.observed import MONITOR_FIGURES, observe_monitor
from fintech_factory.views.facilities.standing import Standing
from fintech_factory.views.table import Shown, ViewDate

Watch = Callable[..., tuple[Monitor, ViewDate]]
Show = Callable[[Monitor, ViewDate], Shown]

DAY = "2025-03-31"
SOURCE = Provenance("run-1", date(2025, 3, 31), ("batch",), {"loans.csv": "abc"}, "def")
RULE = "{id: late, reason: {en: late, es: tarde}, exclude_when: dpd > 90}"


def rows(shown: Shown, table: str) -> list[dict[str, Any]]:
    return [dict(row) for each in shown.tables if each.name == table for row in each.rows]


def needs(shown: Shown) -> dict[str, str]:
    return {each.table: each.needs for each in shown.missing}


def two_loans() -> Book:
    """L1 1,000 current; L2 40 due 1 January of which nothing is paid: 89 days on 31 March."""
    return (
        book()
        .loan(1000, disbursed="2025-01-10", instalments=[("2025-06-30", 1000)])
        .loan(40, disbursed="2024-12-01", instalments=[("2025-01-01", 40)])
        .ending(DAY)
    )


def standing_of(monitor: Monitor, on: ViewDate) -> Standing:
    found = monitor.standing(monitor.facilities[0], on)
    assert isinstance(found, Standing), found
    return found


def test_without_a_facility_every_table_says_what_it_needs(watch: Watch, show: Show) -> None:
    monitor, on = watch(two_loans(), at=DAY)
    shown = show(monitor, on)
    assert shown.tables == ()
    assert set(needs(shown).values()) == {NEEDS_FACILITY}
    observed = observe_monitor(monitor, on)
    assert set(observed) == set(MONITOR_FIGURES)
    assert {each.value for each in observed.values()} == {None}
    assert {each.reason for each in observed.values()} == {NEEDS_FACILITY}


def test_a_facility_that_has_not_begun_is_in_no_table(watch: Watch, show: Show) -> None:
    monitor, on = watch(two_loans(), TERMS.replace("2025-01-01", "2025-04-01"), at=DAY)
    assert (
        "none is in force on 2025-03-31, the first is 2025-04-01"
        in needs(show(monitor, on))["covenants"]
    )


def test_a_facility_that_begins_after_the_data_end_is_not_judged_by_them(
    watch: Watch, show: Show
) -> None:
    """The label says 31 March; the data end on the 10th, before the agreement and its amounts."""
    terms = TERMS.replace("2025-01-01", "2025-03-20")
    monitor, on = watch(two_loans().ending("2025-03-10"), terms, at=DAY)
    assert "none is in force on 2025-03-10" in needs(show(monitor, on))["borrowing_base"]


def test_amounts_are_those_of_the_day_the_data_end(watch: Watch) -> None:
    terms = TERMS.replace("amount: 500}", "amount: 500}, {from: 2025-03-15, amount: 900}").replace(
        "on: 2025-03-31", "on: 2025-03-10"
    )
    monitor, on = watch(two_loans().ending("2025-03-10"), terms, at=DAY)
    assert (standing_of(monitor, on).base.drawn, standing_of(monitor, on).base.cash) == (500, 100)


def test_a_loan_of_which_a_rule_cannot_tell_is_not_eligible(watch: Watch) -> None:
    """No loan of this book has a date of maturity, so none has a term."""
    terms = TERMS.replace("dpd > 90", "term_days < 15")
    monitor, on = watch(two_loans(), terms, at=DAY)
    pool = standing_of(monitor, on).pool
    assert (pool.eligible.loans, pool.excluded[1].loans) == (0, 2)


@pytest.mark.parametrize(("at", "eligible"), [("2025-03-14", 2), ("2025-03-15", 1)])
def test_a_rule_holds_from_its_day_on(watch: Watch, at: str, eligible: int) -> None:
    rule = RULE.replace("dpd > 90}", "dpd > 30, from: 2025-03-15}")
    monitor, on = watch(two_loans().ending(at), TERMS.replace(RULE, rule), at=at)
    assert standing_of(monitor, on).pool.eligible.loans == eligible


@pytest.mark.parametrize(("at", "counted"), [("2025-03-14", 1020), ("2025-03-15", 1004)])
def test_a_discount_schedule_holds_from_its_day_on(watch: Watch, at: str, counted: int) -> None:
    schedules = """discounts:
  - {from: 2025-01-01, steps: [{from_dpd: 0, percent: 100}, {from_dpd: 72, percent: 50}]}
  - {from: 2025-03-15, steps: [{from_dpd: 0, percent: 100}, {from_dpd: 73, percent: 10}]}
covenants:"""
    monitor, on = watch(two_loans().ending(at), TERMS.replace("covenants:", schedules), at=at)
    assert standing_of(monitor, on).pool.counted == counted


def test_a_step_begins_on_its_own_day_past_due(watch: Watch) -> None:
    """L2 is 89 days late."""
    for first, counted in ((89, 1000), (90, 1040)):
        schedule = (
            "discounts: [{from: 2025-01-01, steps: [{from_dpd: 0, percent: 100},"
            f" {{from_dpd: {first}, percent: 0}}]}}]\ncovenants:"
        )
        monitor, on = watch(two_loans(), TERMS.replace("covenants:", schedule), at=DAY)
        assert standing_of(monitor, on).pool.counted == counted


def test_only_the_pledged_loans_are_in_the_pool(watch: Watch) -> None:
    of = two_loans().loan(500, entity="South", instalments=[("2025-06-30", 500)]).ending(DAY)
    monitor, on = watch(of, TERMS + "pool: entity = 'South'\n", at=DAY)
    assert standing_of(monitor, on).pool.all_loans.balance == 500


def test_without_cash_of_the_day_the_surplus_is_unavailable(watch: Watch, show: Show) -> None:
    terms = TERMS.replace("on: 2025-03-31", "on: 2025-03-30")
    monitor, on = watch(two_loans(), terms, at=DAY)
    shown = show(monitor, on)
    (base,) = rows(shown, "borrowing_base")
    assert (base["availability"], base["cash"], base["surplus"]) == (832, None, None)
    assert (base["state"], base["collateralisation"], base["drawable"]) == (
        "unavailable", None, None,
    )  # fmt: skip
    assert "needs the cash of 2025-03-31" in needs(shown)["borrowing_base"]
    surplus = observe_monitor(monitor, on)["borrowing_base_surplus"]
    assert (surplus.value, "needs the cash" in surplus.reason) == (None, True)


@pytest.mark.parametrize(
    ("cash", "data_end", "said"),
    [
        ("2025-12-31", "2025-03-20", "2025-12-31, after the day the data end"),
        ("2025-12-31", DAY, "2025-12-31, after that day"),
        ("2025-03-30", DAY, "2025-03-30, before that day"),
    ],
)
def test_why_the_newest_cash_does_not_serve_is_said(
    watch: Watch, show: Show, cash: str, data_end: str, said: str
) -> None:
    terms = TERMS.replace("on: 2025-03-31", f"on: {cash}")
    monitor, on = watch(two_loans().ending(data_end), terms, at=DAY)
    (facility,) = monitor.facilities
    needed = needs(show(monitor, on))["borrowing_base"]
    assert needed.endswith(
        f"needs the cash of {data_end} in {facility.place}: the newest cash is of {said}"
    )


def test_a_kpi_covenant_of_a_pool_says_that_it_speaks_of_the_whole_book(
    watch: Watch, show: Show
) -> None:
    cover = """\
  - id: cover
    title: {en: Cover, es: Cobertura}
    figure: collateralisation
    direction: at_least
    triggers: [{from: 2025-01-01, warning: 2, breach: 1}]
"""
    of = two_loans().loan(500, entity="South", instalments=[("2025-06-30", 500)]).ending(DAY)
    for pool, basis in (("pool: entity = 'South'\n", "pool"), ("", "whole book")):
        monitor, on = watch(of, TERMS + cover + pool, at=DAY)
        (facility,) = monitor.facilities
        found = {row["covenant"]: row["basis"] for row in rows(show(monitor, on), "covenants")}
        assert found == {"par_90": "whole book", "cover": basis}
        text = certificate(monitor, facility, on, SOURCE, draft=False).as_markdown()
        said = "Of the whole book, not of the pool alone: par"
        assert (said in text) == bool(pool)


def two_entities() -> Book:
    """North: 40 of 1,040 are late. South: 10 of 200, by 136 days on 30 April."""
    return (
        two_loans()
        .loan(190, disbursed="2025-01-10", instalments=[("2025-12-30", 190)], entity="South")
        .loan(10, disbursed="2024-12-01", instalments=[("2024-12-15", 10)], entity="South")
        .ending("2025-06-30")
    )


ON_POOL = TERMS.replace("kpi: par_90\n", "kpi: par_90\n    on: pool\n").replace(
    "warning: 4, breach: 5", "breach: 4.5"
)


@pytest.mark.parametrize(
    ("of", "pool", "part", "whole", "basis", "state"),
    [
        ("on: pool", "pool: entity = 'South'\n", 10, 200, "pool", "breach"),
        ("on: book", "pool: entity = 'South'\n", 50, 1240, "whole book", "ok"),
        ("", "pool: entity = 'South'\n", 50, 1240, "whole book", "ok"),
        ("on: pool", "", 50, 1240, "whole book", "ok"),
    ],
    ids=["of the pool", "of the book", "by default of the book", "all is pledged"],
)
def test_a_kpi_covenant_speaks_of_what_it_says(  # noqa: PLR0913, PLR0917 - terms and what they give
    watch: Watch, show: Show, of: str, pool: str, part: int, whole: int, basis: str, state: str
) -> None:
    """The late loan is not eligible, and part of the pool all the same: 5 % there, 4.03 of all."""
    terms = ON_POOL.replace("    on: pool\n", f"    {of}\n" if of else "") + pool
    monitor, on = watch(two_entities(), terms, at="2025-04-30")
    (row,) = rows(show(monitor, on), "covenants")
    assert (row["part"], row["whole"], row["basis"], row["state"]) == (part, whole, basis, state)
    text = certificate(monitor, monitor.facilities[0], on, SOURCE, draft=True).as_markdown()
    assert ("Of the whole book, not of the pool alone" in text) == bool(
        pool and basis == "whole book"
    )
    assert (", of the pool" in text) == (basis == "pool")


def test_a_breach_of_a_pool_is_dated_by_the_pools_own_past(watch: Watch) -> None:
    """10 of 200 are beyond 90 days from 16 March on; the book is past 4.5 at no month-end."""
    monitor, on = watch(two_entities(), ON_POOL + "pool: entity = 'South'\n", at="2025-05-31")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert covenant.breach_since == date(2025, 3, 31)


def test_a_pool_without_a_loan_has_no_ratio(watch: Watch) -> None:
    monitor, on = watch(two_entities(), ON_POOL + "pool: entity = 'West'\n", at="2025-04-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert (covenant.state, covenant.found.value) == ("unavailable", None)
    assert "stands in the pool" in covenant.found.reason


def test_an_older_balance_serves_if_the_terms_allow_it(watch: Watch) -> None:
    terms = TERMS.replace("on: 2025-03-31", "on: 2025-03-26") + "cash_valid_days: DAYS\n"
    for days, cash in ((5, 100), (4, None)):
        monitor, on = watch(two_loans(), terms.replace("DAYS", str(days)), at=DAY)
        assert standing_of(monitor, on).base.cash == cash


def test_several_facilities_each_bear_their_rows_and_the_worst_is_observed(
    watch: Watch, show: Show
) -> None:
    """832 + 100 - 500 = 432 over; 832 + 100 - 1,000 = 68 short."""
    short = TERMS.replace("amount: 500", "amount: 1000")
    monitor, on = watch(two_loans(), TERMS, short, at=DAY)
    bases = {row["facility"]: row["surplus"] for row in rows(show(monitor, on), "borrowing_base")}
    assert bases == {"line": 432, "line1": -68}
    assert observe_monitor(monitor, on)["borrowing_base_surplus"].value == -68


def test_a_facility_in_another_currency_needs_a_rate_or_is_refused_by_name(
    watch: Watch, show: Show
) -> None:
    foreign = TERMS.replace("currency: USD", "currency: EUR")
    monitor, on = watch(two_loans(), foreign, at=DAY)
    shown = show(monitor, on)
    assert "line is in EUR and there is no rate to USD" in needs(shown)["borrowing_base"]
    assert rows(shown, "borrowing_base") == []
    assert "EUR" in observe_monitor(monitor, on)["excess_concentration"].reason

    rates = {"EUR": {date(2025, 1, 1): Decimal("1.2"), date(2025, 4, 1): Decimal(9)}}
    monitor, on = watch(two_loans(), foreign, at=DAY, rates=rates)
    base = standing_of(monitor, on).base
    assert (base.drawn, base.cash, base.commitment) == (600, 120, 2400)


def test_the_ledgers_own_rate_goes_before_the_settings(watch: Watch) -> None:
    foreign = TERMS.replace("currency: USD", "currency: EUR")
    of = two_loans().rate("EUR", "2025-01-01", "1.1")
    monitor, on = watch(of, foreign, at=DAY, rates={"EUR": {date(2025, 1, 1): Decimal(2)}})
    assert standing_of(monitor, on).base.drawn == 550


def late_book() -> Book:
    """PAR 90: L2 is 40 of 1,040 from the 91st day past 1 January, 2 April, on."""
    return two_loans().ending("2025-06-30")


@pytest.mark.parametrize(("breach", "state"), [("3.84", "breach"), ("3.85", "ok"), ("100", "ok")])
def test_a_breach_lies_past_the_trigger(watch: Watch, breach: str, state: str) -> None:
    """40 / 1,040 = 3.846 %."""
    terms = TERMS.replace("warning: 4, breach: 5", f"breach: {breach}")
    monitor, on = watch(late_book(), terms, at="2025-04-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert covenant.state == state
    assert covenant.found.part == 40


def test_a_value_on_the_trigger_is_no_breach(watch: Watch) -> None:
    """10 of 200 is 5 % exactly."""
    of = (
        book()
        .loan(190, disbursed="2025-01-10", instalments=[("2025-12-30", 190)])
        .loan(10, disbursed="2024-12-01", instalments=[("2024-12-15", 10)])
        .ending("2025-04-30")
    )
    monitor, on = watch(of, TERMS, at="2025-04-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert (covenant.found.value, covenant.state, covenant.headroom) == (5, "warning", 0)


def test_a_breach_is_dated_by_the_first_snapshot_of_its_run(watch: Watch) -> None:
    terms = TERMS.replace("warning: 4, breach: 5", "breach: 3")
    monitor, on = watch(late_book(), terms, at="2025-06-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert covenant.breach_since == date(2025, 4, 30)
    assert (covenant.outlook.course, covenant.outlook.days) == (Course.BREACHED, 0)
    assert observe_monitor(monitor, on)["open_breaches"].value == 1


def test_a_trigger_that_changed_judges_each_day_by_its_own_level(watch: Watch) -> None:
    """The level of May let PAR 90 pass: the breach is new in June."""
    levels = "{from: 2025-01-01, breach: 5}, {from: 2025-06-01, breach: 3}"
    terms = TERMS.replace("{from: 2025-01-01, warning: 4, breach: 5}", levels)
    monitor, on = watch(late_book(), terms, at="2025-06-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert covenant.breach_since == date(2025, 6, 30)


def test_a_financial_covenant_without_statements_says_so(watch: Watch, show: Show) -> None:
    terms = TERMS + (
        "financial_covenants:\n  - {id: lev, title: {en: D, es: D}, ratio: debt_to_equity,"
        " direction: at_most, triggers: [{from: 2025-01-01, breach: 4}]}\n"
    )
    monitor, on = watch(two_loans(), terms, at=DAY)
    shown = show(monitor, on)
    assert needs(shown)["financial_covenants"] == "line needs financial statements"
    (row,) = rows(shown, "financial_covenants")
    assert (row["value"], row["state"]) == (None, "unavailable")
    observed = observe_monitor(monitor, on)
    assert observed["open_breaches"].value is None
    assert "needs financial statements" in observed["covenant_headroom"].reason


def test_a_known_breach_is_not_hidden_by_an_unknown_covenant(watch: Watch) -> None:
    terms = TERMS.replace("warning: 4, breach: 5", "breach: 3") + (
        "financial_covenants:\n  - {id: lev, title: {en: D, es: D}, ratio: debt_to_equity,"
        " direction: at_most, triggers: [{from: 2025-01-01, breach: 4}]}\n"
    )
    monitor, on = watch(late_book(), terms, at="2025-04-30")
    observed = observe_monitor(monitor, on)
    assert observed["open_breaches"].value == 1
    assert observed["days_to_breach"].value == 0
    headroom = observed["covenant_headroom"].value
    assert headroom is not None
    assert headroom < 0


def test_a_certificate_is_refused_while_a_figure_is_unavailable(watch: Watch) -> None:
    terms = TERMS.replace("on: 2025-03-31", "on: 2025-03-30")
    monitor, on = watch(two_loans(), terms, at=DAY)
    (facility,) = monitor.facilities
    with pytest.raises(UsageError, match="needs the cash of 2025-03-31"):
        certificate(monitor, facility, on, SOURCE, draft=False)
    draft = certificate(monitor, facility, on, SOURCE, draft=True)
    assert draft.title.startswith("DRAFT")
    text = draft.as_markdown()
    assert "**DRAFT: not for signature.**" in text
    assert "Surplus or deficiency: unavailable." in text


def test_a_certificate_escapes_what_it_is_given(watch: Watch) -> None:
    hostile = TERMS.replace("lender: Lender", 'lender: "<script>alert(1)</script> | *bold*"')
    monitor, on = watch(two_loans(), hostile, at=DAY)
    (facility,) = monitor.facilities
    written = certificate(monitor, facility, on, SOURCE, draft=False)
    page, text = written.as_html(), written.as_markdown()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert r"\<script\>alert(1)\</script\> \| \*bold\*" in text
    for said in ("run-1", "batch", "abc", "def", "version 1", "Signature", "Data through"):
        assert said in page
        assert said in text


def test_a_day_before_the_agreement_is_not_certified(watch: Watch) -> None:
    monitor, on = watch(two_loans(), TERMS.replace("2025-01-01", "2025-04-01"), at=DAY)
    with pytest.raises(UsageError, match="not in force"):
        certificate(monitor, monitor.facilities[0], on, SOURCE, draft=True)


def rolling_book() -> Book:
    """1,000 due in a year; 100 each due 20 Nov, 1 Jan, 1 Feb, 1 Mar and 1 Apr; nothing is paid."""
    of = book().loan(1000, disbursed="2024-11-01", instalments=[("2025-12-01", 1000)])
    for day in ("2024-11-20", "2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"):
        of = of.loan(100, disbursed="2024-11-01", instalments=[(day, 100)])
    return of.ending("2025-04-30")


@pytest.mark.parametrize(
    ("breach", "course", "days"),
    [
        (13, Course.BREACHED, 0),
        (15, Course.PROJECTED, 7),
        (22, Course.PROJECTED, 39),
        (38, Course.PROJECTED, 117),
        (99, Course.BEYOND, None),
    ],
)
def test_days_to_breach_follow_the_rolls_of_three_months(
    watch: Watch, breach: int, course: Course, days: int | None
) -> None:
    """On 30 April 161 and 119 days late: 200 of 1,500 are beyond 90, 13.33 %.

    In the three months to April every late loan rolls on by one bucket, and 300 of 3,600 current
    become late: 1/12 a month. So 300 are beyond 90 after a month (20 %), 400 after two (26.67 %).
    15 lies 1.667 / 6.667 = a quarter into May's 30 days; 22 lies 2 / 6.667 = 0.3 into the 31 days
    from 30 May: 39.3. After three months it is 33.33 %, after four the 83.33 that became late in
    May are among them: 38.89 %; 38 lies 0.84 into the 31 days from 30 July: 117.04. All 1,500 come
    in the end, but within 24 months 500 + 1,000 x (1 - (11/12)^21).
    """
    terms = TERMS.replace("warning: 4, breach: 5", f"breach: {breach}")
    monitor, on = watch(rolling_book(), terms, at="2025-04-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert covenant.method == "roll rates"
    assert (covenant.outlook.course, covenant.outlook.days) == (course, days)
    observed = observe_monitor(monitor, on)["days_to_breach"]
    assert observed.value == days
    assert bool(observed.reason) is (days is None)


@pytest.mark.parametrize(("breach", "days"), [(15, 7), (22, 39), (38, 117)])
def test_a_pool_goes_ahead_from_its_own_states_by_the_books_rolls(
    watch: Watch, breach: int, days: int
) -> None:
    """The pool stands where the rolling book stood, and South rolls just as it does, twice over.

    So the book's roll rates are those of the rolling book and the same days come out; West's 600,
    late from the start, are in no state that the rolls of the last three months begin from but the
    last, and none of the pool's.
    """
    of = rolling_book()
    for _ in range(2):
        of = of.loan(
            1000, disbursed="2024-11-01", instalments=[("2025-12-01", 1000)], entity="South"
        )
        for day in ("2024-11-20", "2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"):
            of = of.loan(100, disbursed="2024-11-01", instalments=[(day, 100)], entity="South")
    of = of.loan(
        600, disbursed="2024-11-01", instalments=[("2024-11-05", 600)], entity="West"
    ).ending("2025-04-30")
    pool = "pool: entity <> 'South' and entity <> 'West'\n"
    terms = ON_POOL.replace("breach: 4.5", f"breach: {breach}") + pool
    monitor, on = watch(of, terms, at="2025-04-30")
    (covenant,) = monitor.covenants(monitor.facilities[0], on)
    assert (covenant.found.part, covenant.found.whole) == (200, 1500)
    assert (covenant.method, covenant.outlook.days) == ("roll rates", days)


def test_the_rules_policy_names_the_written_off(watch: Watch) -> None:
    """L2 of 40 is written off past day 60 by this policy; its reason goes before the rule's."""
    from dataclasses import replace

    rules = replace(RULES, write_off_after_dpd=60)
    monitor, on = watch(two_loans(), TERMS.replace("dpd > 90", "dpd > 50"), at=DAY, rules=rules)
    pool = standing_of(monitor, on).pool
    assert [each.balance for each in pool.excluded] == [40, 0]
    assert [each.balance for each in pool.by_rule] == [40, 40]


def test_rolls_are_those_of_the_last_three_full_months(
    ledger_of: Callable[..., Ledger],
) -> None:
    """Lent: 1 in December, 2, 4, 8 in January to March, 16 in April, which is in progress."""
    of = book()
    for month, lent in (("2024-12", 1), ("2025-01", 2), ("2025-02", 4), ("2025-03", 8),
                        ("2025-04", 16)):  # fmt: skip
        of = of.loan(lent, disbursed=f"{month}-05", instalments=[("2025-12-01", lent)])
    ledger = ledger_of(of.ending("2025-04-10"), "2025-04-10")
    (new,) = ledger.rows("monitor_roll", opening_state="new")
    assert (new["months"], new["balance"], new["outcome"]) == (3, 2 + 4 + 8, "current")
    (kept,) = ledger.rows("monitor_roll", opening_state="current")
    assert (kept["opening_balance"], kept["balance"]) == (1 + 3 + 7, 1 + 3 + 7)
