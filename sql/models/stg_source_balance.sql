-- stg_source_balance: one row per source file, as-of date and loan: what the source itself says of the loan, written-off balance put back.
-- materialised: stage
-- `loan_par_balances` speaks of month-ends; `loans` of the day the export ends, and of balance and days past due only.
SELECT
  'loan_par_balances' AS source,
  loan_id_raw AS loan_id,
  loan_ccy AS currency,
  reporting_date AS as_of,
  COALESCE(dpd, 0) AS dpd,
  COALESCE(is_writeoff, FALSE) AS is_written_off,
  COALESCE(outstanding_balance, 0) + COALESCE(writeoff_outstanding_balance, 0) AS balance,
  COALESCE(xchg_rate_to_usd, 1) AS rate_to_usd,
  COALESCE(par_7_balance_usd, 0) AS at_risk_7_usd,
  COALESCE(par_30_balance_usd, 0) AS at_risk_30_usd,
  COALESCE(par_60_balance_usd, 0) AS at_risk_60_usd,
  COALESCE(par_90_balance_usd, 0) AS at_risk_90_usd
FROM raw_loan_par_balances
UNION ALL
SELECT
  'loans' AS source,
  l.loan_id,
  l.currency,
  p.data_through AS as_of,
  l.dpd,
  NULL AS is_written_off,
  l.outstanding_balance AS balance,
  1 AS rate_to_usd,
  NULL AS at_risk_7_usd,
  NULL AS at_risk_30_usd,
  NULL AS at_risk_60_usd,
  NULL AS at_risk_90_usd
FROM raw_loans AS l
CROSS JOIN policy AS p
WHERE l.outstanding_balance IS NOT NULL AND l.dpd IS NOT NULL
