-- open_instalment: one row per row of instalment_left, with its loan and, where it is `to come`, its month, week and window of 30 days.
-- materialised: view
SELECT
  c.as_of,
  c.loan_key,
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
  c.instalment_no,
  c.due_on,
  CASE WHEN c.due_on IS NOT NULL THEN DATE_DIFF('DAY', d.cut_on, c.due_on) END AS days_ahead,
  c.due,
  CASE WHEN c.due = 'to come' THEN c.due_month END AS due_month,
  w.week,
  w.window_no,
  c.dpd,
  c.bucket,
  c.principal,
  c.charges,
  c.principal + c.charges AS total
FROM instalment_left AS c
INNER JOIN snapshot_date AS d
  ON d.seq = c.seq
INNER JOIN dim_loan AS l
  ON l.loan_key = c.loan_key
LEFT JOIN due_ahead AS w
  ON w.seq = c.seq
  AND w.due_on = c.due_on
  AND c.due = 'to come'
