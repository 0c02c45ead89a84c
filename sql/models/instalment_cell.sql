-- instalment_cell: one row per as-of date, kind of due, and either part of the book and month or, of the whole book, ageing bucket, week and window: what is left to pay.
-- materialised: table
-- The instalments of all dates are looked at once for both; rows of the whole book are those without a part.
WITH summed AS (
  SELECT
    seq,
    due,
    pool_key,
    CASE WHEN due = 'to come' THEN due_month END AS month_due,
    bucket,
    CASE WHEN due = 'to come' THEN due_on END AS day_due,
    GROUPING(pool_key) = 1 AS is_book,
    COUNT(*) AS instalments,
    SUM(principal) AS principal,
    SUM(charges) AS charges
  FROM instalment_left
  GROUP BY GROUPING SETS (
    (seq, due, pool_key, CASE WHEN due = 'to come' THEN due_month END),
    (seq, due, bucket, CASE WHEN due = 'to come' THEN due_on END)
  )
)

SELECT
  d.as_of,
  s.is_book,
  s.due,
  l.entity,
  l.product,
  l.state,
  l.currency,
  s.month_due AS due_month,
  s.bucket,
  w.week,
  w.window_no,
  SUM(s.instalments) AS instalments,
  SUM(s.principal) AS principal,
  SUM(s.charges) AS charges
FROM summed AS s
INNER JOIN snapshot_date AS d
  ON d.seq = s.seq
LEFT JOIN dim_loan AS l
  ON l.loan_key = s.pool_key
LEFT JOIN due_ahead AS w
  ON w.seq = s.seq
  AND w.due_on = s.day_due
GROUP BY d.as_of, s.is_book, s.due, l.entity, l.product, l.state, l.currency, s.month_due, s.bucket, w.week, w.window_no
