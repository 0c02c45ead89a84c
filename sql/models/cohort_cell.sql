-- cohort_cell: one row per as-of date, month of disbursement, entity and product: what became of the cohort, at the rate of each loan's disbursement.
-- materialised: table
-- A cohort keeps one rate for life, so that its curves move with money alone.
-- ever_n is the balance at the first month-end that saw a loan n days late, and stays; late_n is what is late now, written-off included.
WITH fact AS (
  SELECT
    o.from_seq AS seq,
    TRUE AS lasts,
    o.loan_key,
    'disbursed' AS fact,
    o.disbursed AS amount
  FROM loan_origin AS o
  UNION ALL
  SELECT
    f.seq,
    f.lasts,
    f.loan_key,
    f.level AS fact,
    CASE WHEN o.rate = 1 THEN CAST(f.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(f.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END AS amount
  FROM loan_first_late AS f
  INNER JOIN loan_origin AS o
    ON o.loan_key = f.loan_key
),

lasting AS (
  SELECT
    f.seq,
    f.lasts,
    l.cohort_month,
    l.entity,
    l.product,
    COUNT(CASE WHEN f.fact = 'disbursed' THEN 1 END) AS loans,
    COUNT(CASE WHEN f.fact = '30' THEN 1 END) AS loans_ever_30,
    COUNT(CASE WHEN f.fact = '90' THEN 1 END) AS loans_ever_90,
    COUNT(CASE WHEN f.fact = 'written off' THEN 1 END) AS loans_ever_written_off,
    SUM(CASE WHEN f.fact = 'disbursed' THEN f.amount ELSE 0 END) AS disbursed,
    SUM(CASE WHEN f.fact = '30' THEN f.amount ELSE 0 END) AS ever_30,
    SUM(CASE WHEN f.fact = '90' THEN f.amount ELSE 0 END) AS ever_90,
    SUM(CASE WHEN f.fact = 'written off' THEN f.amount ELSE 0 END) AS ever_written_off
  FROM fact AS f
  INNER JOIN dim_loan AS l
    ON l.loan_key = f.loan_key
  GROUP BY f.seq, f.lasts, l.cohort_month, l.entity, l.product
),

owed AS (
  SELECT
    x.seq,
    x.loan_key,
    x.dpd,
    x.dpd > p.write_off_after_dpd AS is_written_off,
    CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END AS balance
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN loan_origin AS o
    ON o.loan_key = x.loan_key
  WHERE x.balance <> 0
),

standing AS (
  SELECT
    w.seq,
    l.cohort_month,
    l.entity,
    l.product,
    SUM(w.balance) AS balance,
    SUM(CASE WHEN w.is_written_off THEN 0 ELSE w.balance END) AS outstanding,
    SUM(CASE WHEN w.dpd >= 30 THEN w.balance ELSE 0 END) AS late_30,
    SUM(CASE WHEN w.dpd >= 90 THEN w.balance ELSE 0 END) AS late_90
  FROM owed AS w
  INNER JOIN dim_loan AS l
    ON l.loan_key = w.loan_key
  GROUP BY w.seq, l.cohort_month, l.entity, l.product
),

reached AS (
  SELECT
    d.seq,
    c.cohort_month,
    c.entity,
    c.product,
    SUM(c.loans) AS loans,
    SUM(c.loans_ever_30) AS loans_ever_30,
    SUM(c.loans_ever_90) AS loans_ever_90,
    SUM(c.loans_ever_written_off) AS loans_ever_written_off,
    SUM(c.disbursed) AS disbursed,
    SUM(c.ever_30) AS ever_30,
    SUM(c.ever_90) AS ever_90,
    SUM(c.ever_written_off) AS ever_written_off
  FROM lasting AS c
  INNER JOIN snapshot_date AS d
    ON d.seq >= c.seq
  WHERE c.lasts OR d.seq = c.seq
  GROUP BY d.seq, c.cohort_month, c.entity, c.product
)

SELECT
  d.as_of,
  r.seq,
  r.cohort_month,
  CAST(DATE_TRUNC('QUARTER', CAST(r.cohort_month AS DATE)) AS DATE) AS cohort_quarter,
  d.month_no - EXTRACT(YEAR FROM r.cohort_month) * 12 - EXTRACT(MONTH FROM r.cohort_month) AS months_on_book,
  r.entity,
  r.product,
  r.loans,
  r.loans_ever_30,
  r.loans_ever_90,
  r.loans_ever_written_off,
  r.disbursed,
  r.disbursed - COALESCE(s.balance, 0) AS repaid,
  COALESCE(s.balance, 0) AS balance,
  COALESCE(s.outstanding, 0) AS outstanding,
  COALESCE(s.balance - s.outstanding, 0) AS written_off,
  COALESCE(s.late_30, 0) AS late_30,
  COALESCE(s.late_90, 0) AS late_90,
  r.ever_30,
  r.ever_90,
  r.ever_written_off
FROM reached AS r
INNER JOIN snapshot_date AS d
  ON d.seq = r.seq
LEFT JOIN standing AS s
  ON s.seq = r.seq
  AND s.cohort_month = r.cohort_month
  AND s.entity = r.entity
  AND s.product = r.product
