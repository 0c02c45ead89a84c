-- loan_roll: one row per loan per as-of date on which it has a balance or had one at the last month-end before, in the reporting currency.
-- materialised: view
-- Both ends are at the as-of date's rate, so that what moved is money and not the rate.
-- A loan that is written off is not repaid: its balance stays in the row.
-- Cash pays the oldest instalment first, so what is owed stands in the last ones: prepayable is what of the opening falls
-- due only after the month is over, prepaid what of it is gone. A bullet paid in its own month is not prepaid, nor are arrears.
WITH opened AS (
  -- Who had a balance then has one now or has moved since: a position of its own.
  SELECT
    d.as_of,
    d.seq,
    x.loan_key,
    COALESCE(o.balance, 0) AS opening_balance,
    COALESCE(o.dpd, 0) AS opening_dpd,
    x.balance,
    x.dpd,
    x.disbursed_month,
    x.principal_paid_month,
    x.cash_month,
    CASE
      WHEN n.principal_later IS NULL OR n.principal_later <= 0 OR o.balance < 0 OR o.dpd > p.write_off_after_dpd THEN 0
      WHEN o.balance < n.principal_later THEN o.balance
      ELSE n.principal_later
    END AS prepayable
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  LEFT JOIN loan_position AS o
    ON o.loan_key = x.loan_key
    AND o.seq = d.opening_seq
    AND o.balance <> 0
  LEFT JOIN fact_schedule AS n
    ON n.loan_key = o.loan_key
    AND n.from_on <= d.month_end
    AND n.due_on > d.month_end
  WHERE x.balance <> 0 OR o.balance <> 0
),

prepaid AS (
  SELECT
    o.as_of,
    o.seq,
    o.loan_key,
    o.opening_balance,
    o.opening_dpd,
    o.balance,
    o.dpd,
    o.disbursed_month,
    o.principal_paid_month,
    o.cash_month,
    o.prepayable,
    o.prepayable - CASE WHEN o.balance < 0 THEN 0 WHEN o.balance < o.prepayable THEN o.balance ELSE o.prepayable END AS prepaid
  FROM opened AS o
),

converted AS (
  SELECT
    j.as_of,
    j.loan_key,
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
    j.opening_dpd,
    o.bucket AS opening_bucket,
    j.opening_dpd > p.write_off_after_dpd AS was_written_off,
    j.dpd,
    a.bucket,
    j.dpd > p.write_off_after_dpd AS is_written_off,
    CASE WHEN j.opening_dpd >= p.stage_3_from_dpd THEN '3' WHEN j.opening_dpd > p.stage_2_after_dpd THEN '2' ELSE '1' END AS opening_stage,
    CASE WHEN j.dpd >= p.stage_3_from_dpd THEN '3' WHEN j.dpd > p.stage_2_after_dpd THEN '2' ELSE '1' END AS stage,
    CASE WHEN r.rate = 1 THEN CAST(j.opening_balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.opening_balance AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS opening_balance,
    CASE WHEN r.rate = 1 THEN CAST(j.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.balance AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS balance,
    CASE WHEN r.rate = 1 THEN CAST(j.disbursed_month AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.disbursed_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS disbursed_month,
    CASE WHEN r.rate = 1 THEN CAST(j.principal_paid_month AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.principal_paid_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal_paid_month,
    CASE WHEN r.rate = 1 THEN CAST(j.cash_month AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.cash_month AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cash_month,
    CASE WHEN r.rate = 1 THEN CAST(j.prepayable AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.prepayable AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS prepayable,
    CASE WHEN r.rate = 1 THEN CAST(j.prepaid AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(j.prepaid AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS prepaid
  FROM prepaid AS j
  CROSS JOIN policy AS p
  INNER JOIN dim_loan AS l
    ON l.loan_key = j.loan_key
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = j.seq
  LEFT JOIN ageing_bucket AS o
    ON o.dpd = CASE WHEN j.opening_dpd < p.last_bucket_from_dpd THEN j.opening_dpd ELSE p.last_bucket_from_dpd END
  LEFT JOIN ageing_bucket AS a
    ON a.dpd = CASE WHEN j.dpd < p.last_bucket_from_dpd THEN j.dpd ELSE p.last_bucket_from_dpd END
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
  opening_balance,
  CASE WHEN was_written_off THEN 0 ELSE opening_balance END AS opening_outstanding,
  opening_dpd,
  opening_bucket,
  CASE WHEN opening_balance = 0 THEN 'new' WHEN was_written_off THEN 'written off' ELSE opening_bucket END AS opening_state,
  CASE WHEN opening_balance = 0 THEN 'new' WHEN was_written_off THEN 'written off' ELSE opening_stage END AS opening_stage,
  was_written_off,
  balance,
  CASE WHEN is_written_off THEN 0 ELSE balance END AS outstanding,
  dpd,
  bucket,
  is_written_off,
  CASE WHEN balance = 0 THEN 'repaid' WHEN is_written_off THEN 'written off' ELSE bucket END AS outcome,
  CASE WHEN balance = 0 THEN 'repaid' WHEN is_written_off THEN 'written off' ELSE stage END AS stage,
  disbursed_month,
  principal_paid_month,
  cash_month,
  prepayable,
  prepaid
FROM converted
