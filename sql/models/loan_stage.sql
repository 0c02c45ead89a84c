-- loan_stage: one row per loan per as-of date on which it has a balance, with its IFRS 9 stage, in the reporting currency.
-- materialised: view
-- `months_left` counts calendar months to the last due date; 0 where that has passed or is not known.
WITH dated AS (
  SELECT
    s.as_of,
    s.loan_key,
    s.loan_id,
    s.borrower_id,
    s.borrower_key,
    s.entity,
    s.product,
    s.borrower_segment,
    s.state,
    s.size_bucket,
    s.term_bucket,
    s.cohort_month,
    s.currency,
    s.disbursed_on,
    e.ends_on,
    EXTRACT(YEAR FROM e.ends_on) * 12 + EXTRACT(MONTH FROM e.ends_on) - d.month_no AS months_left,
    s.dpd,
    s.bucket,
    s.stage,
    s.balance,
    s.outstanding,
    s.written_off
  FROM loan_snapshot AS s
  INNER JOIN snapshot_date AS d
    ON d.as_of = s.as_of
  LEFT JOIN loan_origin AS e
    ON e.loan_key = s.loan_key
  WHERE s.balance <> 0
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
  ends_on,
  CASE WHEN months_left > 0 THEN months_left ELSE 0 END AS months_left,
  dpd,
  bucket,
  stage,
  balance,
  outstanding,
  written_off
FROM dated
