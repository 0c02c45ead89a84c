-- loan_prepayment: one row per loan per as-of date that was active at the last month-end with principal not due before the month is over: how much of it came early.
-- materialised: view
-- Cash pays the oldest instalment first: what is owed stands in the last instalments. Prepaid is what left those that
-- fall due after the month's end; a bullet paid within the month in which it is due is not prepaid, nor are arrears.
WITH active AS (
  SELECT
    d.as_of,
    d.seq,
    o.loan_key,
    CASE WHEN o.balance < n.principal_later THEN o.balance ELSE n.principal_later END AS prepayable,
    n.principal_later
  FROM snapshot_date AS d
  CROSS JOIN policy AS p
  INNER JOIN loan_position AS o
    ON o.seq = d.opening_seq
  INNER JOIN due_later AS n
    ON n.loan_key = o.loan_key
    AND n.from_on <= d.month_end
    AND n.until_on > d.month_end
  WHERE o.balance > 0 AND o.dpd <= p.write_off_after_dpd AND n.principal_later > 0
),

moved AS (
  SELECT
    a.as_of,
    a.seq,
    a.loan_key,
    a.prepayable,
    a.prepayable - CASE
      WHEN x.balance IS NULL OR x.balance < 0 THEN 0
      WHEN x.balance < a.prepayable THEN x.balance
      ELSE a.prepayable
    END AS prepaid
  FROM active AS a
  LEFT JOIN loan_position AS x
    ON x.loan_key = a.loan_key
    AND x.seq = a.seq
)

SELECT
  m.as_of,
  m.loan_key,
  l.entity,
  l.product,
  l.state,
  CASE WHEN r.rate = 1 THEN CAST(m.prepayable AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(m.prepayable AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS prepayable,
  CASE WHEN r.rate = 1 THEN CAST(m.prepaid AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(m.prepaid AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS prepaid
FROM moved AS m
INNER JOIN dim_loan AS l
  ON l.loan_key = m.loan_key
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = l.currency
  AND r.seq = m.seq
