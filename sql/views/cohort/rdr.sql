-- cohort_rdr: one row per as-of date, dimension, member and age in months: loans at least that old, at the as-of date's rate.
-- materialised: view
-- title: RDR 90: balance 90 days late or more, written-off included, of all disbursed | RDR 90: saldo con 90 días de mora o más, con castigados, de todo lo desembolsado
-- order: dimension, member, from_months
-- percent: rdr_90 = late_90 / principal
-- loans: loan_rdr on from_months by dimension
-- What was disbursed in the reporting currency is added up from few rows; only other currencies are looked at loan by loan, for their rate.
WITH lent AS (
  SELECT
    o.from_seq,
    l.cohort_month,
    l.entity,
    l.product,
    COUNT(*) AS loans,
    SUM(l.principal) AS principal
  FROM dim_loan AS l
  INNER JOIN policy AS p
    ON p.reporting_currency = l.currency
  INNER JOIN loan_origin AS o
    ON o.loan_key = l.loan_key
  GROUP BY o.from_seq, l.cohort_month, l.entity, l.product
),

foreign_loan AS (
  SELECT
    o.from_seq,
    l.cohort_month,
    l.entity,
    l.product,
    l.currency,
    l.principal
  FROM dim_loan AS l
  INNER JOIN policy AS p
    ON p.reporting_currency <> l.currency
  INNER JOIN loan_origin AS o
    ON o.loan_key = l.loan_key
),

part AS (
  SELECT
    d.seq,
    t.cohort_month,
    t.entity,
    t.product,
    t.loans,
    t.principal,
    CAST(0 AS DECIMAL(18, 6)) AS balance,
    CAST(0 AS DECIMAL(18, 6)) AS late_90
  FROM lent AS t
  INNER JOIN snapshot_date AS d
    ON d.seq >= t.from_seq
  UNION ALL
  SELECT
    d.seq,
    f.cohort_month,
    f.entity,
    f.product,
    1 AS loans,
    CASE WHEN r.rate = 1 THEN f.principal ELSE CAST(ROUND(CAST(f.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal,
    0 AS balance,
    0 AS late_90
  FROM foreign_loan AS f
  INNER JOIN snapshot_date AS d
    ON d.seq >= f.from_seq
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = f.currency
    AND r.seq = d.seq
  UNION ALL
  SELECT
    d.seq,
    w.cohort_month,
    w.entity,
    w.product,
    0 AS loans,
    0 AS principal,
    w.outstanding + w.written_off AS balance,
    w.late_90
  FROM owed_cell AS w
  INNER JOIN snapshot_date AS d
    ON d.as_of = w.as_of
),

aged AS (
  SELECT
    d.as_of,
    t.entity,
    t.product,
    d.month_no - EXTRACT(YEAR FROM t.cohort_month) * 12 - EXTRACT(MONTH FROM t.cohort_month) AS months_on_book,
    SUM(t.loans) AS loans,
    SUM(t.principal) AS principal,
    SUM(t.balance) AS balance,
    SUM(t.late_90) AS late_90
  FROM part AS t
  INNER JOIN snapshot_date AS d
    ON d.seq = t.seq
  GROUP BY d.as_of, t.entity, t.product, d.month_no - EXTRACT(YEAR FROM t.cohort_month) * 12 - EXTRACT(MONTH FROM t.cohort_month)
)

SELECT
  g.as_of,
  d.dimension,
  CASE d.dimension WHEN 'entity' THEN g.entity WHEN 'product' THEN g.product ELSE 'book' END AS member,
  a.from_months,
  SUM(g.loans) AS loans,
  SUM(g.principal) AS principal,
  SUM(g.balance) AS balance,
  SUM(g.late_90) AS late_90
FROM aged AS g
INNER JOIN rdr_age AS a
  ON a.from_months <= g.months_on_book
CROSS JOIN dimension AS d
WHERE d.dimension IN ('book', 'entity', 'product')
GROUP BY g.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN g.entity WHEN 'product' THEN g.product ELSE 'book' END, a.from_months
