-- loan_stage: one row per loan per as-of date on which it has a balance, with its IFRS 9 stage, in the reporting currency.
-- materialised: view
-- Stage 2 from more days past due than the backstop (IFRS 9 5.5.11), stage 3 from the day of the presumption (B5.5.37).
-- Written off is a stage of its own: what becomes of it is the lender's policy (config/provisioning.yaml).
-- `months_left` counts calendar months to the last due date; 0 where that has passed or is not known.
WITH ends AS (
  SELECT loan_key, MAX(due_on) AS ends_on
  FROM fact_schedule
  GROUP BY loan_key
),

dated AS (
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
    CASE
      WHEN s.is_written_off THEN 'written off'
      WHEN s.dpd >= p.stage_3_from_dpd THEN '3'
      WHEN s.dpd > p.stage_2_after_dpd THEN '2'
      ELSE '1'
    END AS stage,
    s.balance,
    s.outstanding,
    s.written_off
  FROM loan_snapshot AS s
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.as_of = s.as_of
  LEFT JOIN ends AS e
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
