-- loan_due: one row per loan per as-of date up to which an instalment of its fell due in the month, in the reporting currency.
-- materialised: view
-- Cash pays the oldest instalment first: what it pays of the month's is what the earlier ones leave, up to all of them.
WITH fallen AS (
  SELECT
    i.loan_key,
    w.seq,
    SUM(i.total) AS due_to_date,
    MIN(i.instalment_no) AS first_no
  FROM fact_schedule AS i
  INNER JOIN snapshot_window AS w
    ON w.day_on = i.due_on
  INNER JOIN dim_loan AS l
    ON l.loan_key = i.loan_key
  WHERE w.in_month_to_date AND l.disbursed_on <= w.cut_on
  GROUP BY i.loan_key, w.seq
),

due AS (
  SELECT
    n.loan_key,
    n.seq,
    n.due_to_date,
    -- A rebate that is scheduled before is no cash.
    CASE WHEN i.total_due > i.total THEN i.total_due - i.total ELSE 0 END AS due_before
  FROM fallen AS n
  INNER JOIN fact_schedule AS i
    ON i.loan_key = n.loan_key
    AND i.instalment_no = n.first_no
),

paid AS (
  SELECT
    u.loan_key,
    u.seq,
    SUM(p.total) AS total
  FROM due AS u
  INNER JOIN snapshot_date AS d
    ON d.seq = u.seq
  INNER JOIN fact_payment AS p
    ON p.loan_key = u.loan_key
    AND p.paid_on <= d.cut_on
  GROUP BY u.loan_key, u.seq
),

applied AS (
  SELECT
    u.loan_key,
    u.seq,
    u.due_to_date,
    CASE
      WHEN p.total IS NULL OR p.total <= u.due_before THEN 0
      WHEN p.total - u.due_before >= u.due_to_date THEN u.due_to_date
      ELSE p.total - u.due_before
    END AS paid_due
  FROM due AS u
  LEFT JOIN paid AS p
    ON p.loan_key = u.loan_key
    AND p.seq = u.seq
  WHERE u.due_to_date > 0
)

SELECT
  d.as_of,
  a.loan_key,
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
  CASE WHEN r.rate = 1 THEN CAST(a.due_to_date AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(a.due_to_date AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS due_to_date,
  CASE WHEN r.rate = 1 THEN CAST(a.paid_due AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(a.paid_due AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS paid_due
FROM applied AS a
INNER JOIN snapshot_date AS d
  ON d.seq = a.seq
INNER JOIN dim_loan AS l
  ON l.loan_key = a.loan_key
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = l.currency
  AND r.seq = a.seq
