"""Why a figure or a table is absent, in English."""

from collections.abc import Mapping

__all__ = ["SENTENCES"]

SENTENCES: Mapping[str, str] = {
    "needs_facility": "needs facility terms in config/facilities/",
    "facility_none_yet": (
        "needs facility terms in config/facilities/: none is in force on {day}, the first is "
        "{first}"
    ),
    "all_eligible": "every loan is eligible",
    "none_eligible": "no loan is eligible",
    "no_concentration": "no facility limits concentration",
    "no_covenant": "no facility has a covenant in force",
    "no_financial_covenant": "no facility has a financial covenant in force",
    "no_payments": "no facility has a payment schedule",
    "no_obligation": "no facility has a reporting obligation",
    "no_pool": "no loan is in the pool",
    "full_months": "needs {least} full months of rolls; the book has {months}",
    "full_month": "needs a full month that began with a balance; the book has none yet",
    "one_export": "needs an earlier export: only one has landed",
    "export_reaching": "needs an earlier export that reaches {day}: {batch} ends on {ends}",
    "one_date": "needs one as-of date: it compares two exports at a single day",
    "no_file": "{file} is not in this workspace",
    "no_rate": (
        "{facility} is in {currency} and there is no rate to {reporting}: add one to "
        "currency.rates in config/factory.yaml"
    ),
    "pool_unread": "the pool of {facility} was not read at {day}",
    "cash_needed": "needs the cash of {day} in {place}",
    "cash_after_data": (
        "needs the cash of {day} in {place}: the newest cash is of {newest}, after the day "
        "the data end"
    ),
    "cash_after": (
        "needs the cash of {day} in {place}: the newest cash is of {newest}, after that day"
    ),
    "cash_before": (
        "needs the cash of {day} in {place}: the newest cash is of {newest}, before that day"
    ),
    "cash_too_old": (
        "needs the cash of {day} in {place}: the newest cash is of {newest}, before that "
        "day, and {days} days are allowed"
    ),
    "none_drawn": "nothing is drawn",
    "pool_empty": "the pool is empty",
    "none_committed": "nothing is committed",
    "of_dust": "it would be a percentage of less than one unit of money",
    "kpi_not_computed": "the KPI was not computed",
    "not_in_force": "{facility} is not in force on {day}",
    "needs_statements": "needs financial statements",
    "statements_none_by": "needs financial statements: none ends by {day}",
    "statements_last": "needs financial statements: the last ends on {day}",
    "opening_statement": "needs the statement of the period that ends on {day} for opening loans",
    "opening_currency": "the opening loans are in {before}, the period in {now}",
    "no_loans": "there were no loans",
    "loans_of_dust": "average gross loans were less than one unit of money",
    "no_equity": "equity is used up",
    "no_service": "nothing was paid to lenders in the period",
    "no_loss": "no cash is being lost: the period made no loss before provisions",
    "rolls_need_month": "roll rates need a full month",
    "no_balance_in": "no balance was in `{state}` at the month-ends of the rolls",
    "none_outstanding": "nothing would be outstanding",
    "trend_needs": "a trend needs {fewest} earlier figures, {known} are known",
    "nothing_to_measure": "the book has no loan to measure here",
    "nothing_known": "nothing is known to measure",
    "nothing_to_divide_by": "the whole is {which}: there is nothing to divide by",
    "by_zero": "the formula divides by 0",
    "no_flows": "no money moved",
    "one_way": "money moved one way only",
    "no_yield": "no yearly growth between 0.000001 and 10,000 makes the flows worth nothing",
    "several_yields": "more than one yield makes the flows worth nothing",
    "yield_unverified": "the yield found does not make the flows worth nothing",
    "lent_dust": "less than one unit of money was lent",
    "being_repaid": "still being repaid",
    "formula_borrowing_base_surplus": "net eligible x advance rate + cash - drawn",
    "formula_collateralisation": "(net eligible + cash) / drawn x 100",
    "formula_eligible_share": "eligible / pool x 100",
    "formula_excess_concentration": "sum of what lies above the concentration limits",
    "formula_excess_share": "excess concentration / eligible x 100",
    "formula_utilisation": "drawn / commitment x 100",
    "formula_nim": "(interest income - interest expense) x 12 / months / average gross loans x 100",
    "formula_cost_of_risk": "provision expense x 12 / months / average gross loans x 100",
    "formula_debt_to_equity": "total debt / equity",
    "formula_dscr": "(net income + interest expense) / debt service",
    "export_behind": "the export that came on {came} should speak of {day} and ends on {ends}",
    "export_missing": (
        "no export that speaks of {day} has come by {deadline}; the latest ends on {ends}"
    ),
    "export_came": "the export has come; data through {day}",
    "export_overdue": (
        "the export of {day} was expected by {deadline} UTC; the latest ends on {ends}"
    ),
    "unanswered": "nobody has acknowledged it for {minutes} minutes",
    "answer_expired": "{name}'s acknowledgement has expired",
    "moved_by": "moved by, in points: {parts}",
    "late_waiting": (
        "{alert} has no receipt from outside since its export arrived at {moment}, more than "
        "{limit} s ago"
    ),
    "late_received": (
        "{alert} was received by {channel} {seconds} s after its export arrived, {over} s past "
        "the limit of {limit} s"
    ),
    "late_others": "more alerts came late: {count}",
    "late_none": "every alert was received within {limit} s of the arrival",
    "late_over": "no alert that came late is open any more",
    "formula_runway_months": "cash x months / (- net income - provision expense)",
}
"""Name -> the sentence; what stands in braces is filled in, and read back from a sentence."""
