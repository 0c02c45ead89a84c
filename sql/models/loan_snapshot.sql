-- loan_snapshot: one row per loan per as-of date on which it has a balance or has moved, in the reporting currency.
-- materialised: view
-- Written off is a policy on days past due and not sticky: a loan that pays comes back (domain.md).
-- IFRS 9 stage 2 from more days past due than the backstop (5.5.11), stage 3 from the day of the presumption (B5.5.37).
-- Written off is a stage of its own: what becomes of it is the lender's policy (config/provisioning.yaml).
WITH converted AS (
  SELECT
    d.as_of,
    x.loan_key,
    l.loan_id,
    l.borrower_id,
    l.borrower_key,
    l.entity,
    l.product,
    l.borrower_segment,
    l.state,
    l.size_bucket,
    l.term_bucket,
    l.cohort_month,
    l.currency,
    l.disbursed_on,
    x.dpd,
    x.dpd_on,
    a.bucket,
    x.dpd > p.write_off_after_dpd AS is_written_off,
    CASE
      WHEN x.dpd > p.write_off_after_dpd THEN 'written off'
      WHEN x.dpd >= p.stage_3_from_dpd THEN '3'
      WHEN x.dpd > p.stage_2_after_dpd THEN '2'
      ELSE '1'
    END AS stage,
    x.loans_disbursed_month,
    CASE WHEN r.rate = 1 THEN l.principal ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal,
    CASE WHEN r.rate = 1 THEN x.balance ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS balance,
    CASE WHEN r.rate = 1 THEN x.cash_30d ELSE CAST(ROUND(CAST(x.cash_30d AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cash_30d,
    CASE WHEN r.rate = 1 THEN x.cash_month ELSE CAST(ROUND(CAST(x.cash_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cash_month,
    CASE WHEN r.rate = 1 THEN x.interest_month ELSE CAST(ROUND(CAST(x.interest_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS interest_month,
    CASE WHEN r.rate = 1 THEN x.fees_month ELSE CAST(ROUND(CAST(x.fees_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS fees_month,
    CASE WHEN r.rate = 1 THEN x.due_month ELSE CAST(ROUND(CAST(x.due_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS due_month,
    CASE WHEN r.rate = 1 THEN x.due_to_date ELSE CAST(ROUND(CAST(x.due_to_date AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS due_to_date,
    CASE WHEN r.rate = 1 THEN x.paid_due ELSE CAST(ROUND(CAST(x.paid_due AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS paid_due,
    CASE WHEN r.rate = 1 THEN x.disbursed_month ELSE CAST(ROUND(CAST(x.disbursed_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS disbursed_month
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  INNER JOIN dim_loan AS l
    ON l.loan_key = x.loan_key
  -- A position without a rate has no amounts; the run refuses to publish it.
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = x.seq
  -- The last bucket is open: every longer delay reads as its first day.
  LEFT JOIN ageing_bucket AS a
    ON a.dpd = CASE WHEN x.dpd < p.last_bucket_from_dpd THEN x.dpd ELSE p.last_bucket_from_dpd END
)

SELECT
  as_of,
  loan_key,
  loan_id,
  borrower_id,
  borrower_key,
  entity,
  product,
  borrower_segment,
  state,
  size_bucket,
  term_bucket,
  cohort_month,
  currency,
  disbursed_on,
  principal,
  balance,
  CASE WHEN is_written_off THEN 0 ELSE balance END AS outstanding,
  CASE WHEN is_written_off THEN balance ELSE 0 END AS written_off,
  dpd,
  dpd_on,
  bucket,
  is_written_off,
  stage,
  cash_30d,
  cash_month,
  interest_month,
  fees_month,
  due_month,
  due_to_date,
  paid_due,
  disbursed_month,
  loans_disbursed_month
FROM converted
