-- key_indicators_month: one row per as-of date with the figures that are compared month against month.
-- materialised: view
-- hidden
SELECT
  as_of,
  is_partial AS partial,
  is_month_end,
  balance,
  outstanding,
  written_off,
  active_loans,
  active_borrowers,
  at_risk_30,
  at_risk_90,
  disbursed_month,
  loans_disbursed_month,
  borrowers_disbursed_month,
  cash_month,
  interest_month,
  fees_month,
  cash_30d,
  new_principal,
  new_annual_cost,
  new_principal_days
FROM book_month
