-- overview_months: one row per as-of date and month: its own and the 12 full months before, newest first.
-- materialised: view
-- title: Thirteen months | Trece meses
-- order: months_back
-- percent: par_1 = at_risk_1 / outstanding
-- percent: par_30 = at_risk_30 / outstanding
-- percent: par_90 = at_risk_90 / outstanding
-- percent: par_90_source_rule = at_risk_90_source_rule / outstanding
-- percent: par_90_incl_writeoff = at_risk_90_incl_writeoff / balance
-- percent: collection_rate = cash_30d / outstanding
SELECT
  s.as_of,
  s.months_back,
  s.month_as_of AS month_end,
  s.partial,
  b.balance,
  b.outstanding,
  b.written_off,
  b.active_loans,
  b.active_borrowers,
  b.at_risk_1,
  b.at_risk_30,
  b.at_risk_90,
  b.at_risk_90_source_rule,
  b.at_risk_90_incl_writeoff,
  b.cash_30d,
  b.cash_month,
  b.interest_month,
  b.fees_month,
  b.due_to_date,
  b.disbursed_month,
  b.loans_disbursed_month,
  b.borrowers_disbursed_month
FROM month_series AS s
INNER JOIN book_month AS b
  ON b.as_of = s.month_as_of
WHERE s.months_back <= 12
