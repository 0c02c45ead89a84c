-- overview_book: one row per as-of date with the whole book's figures; flows are those of the month up to it.
-- materialised: view
-- title: The book | La cartera
-- percent: par_1 = at_risk_1 / outstanding
-- percent: par_30 = at_risk_30 / outstanding
-- percent: par_90 = at_risk_90 / outstanding
-- percent: par_90_source_rule = at_risk_90_source_rule / outstanding
-- percent: par_90_incl_writeoff = at_risk_90_incl_writeoff / balance
-- percent: collection_rate = cash_30d / outstanding
SELECT
  as_of,
  cut_on,
  balance,
  outstanding,
  written_off,
  active_loans,
  active_borrowers,
  at_risk_1,
  at_risk_30,
  at_risk_90,
  at_risk_90_source_rule,
  at_risk_90_incl_writeoff,
  cash_30d,
  cash_month,
  interest_month,
  fees_month,
  due_to_date,
  disbursed_month,
  loans_disbursed_month,
  borrowers_disbursed_month
FROM book_month
