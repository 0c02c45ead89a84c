-- cohort_quarters: one row per as-of date, dimension, member, quarter of disbursement and months on book of its loans.
-- materialised: view
-- title: Vintages by quarter and months on book (of disbursed; ever: once late stays counted) | Cosechas por trimestre y meses en libros (de lo desembolsado; alguna vez: lo que cayó en mora se sigue contando)
-- order: dimension, member, cohort_quarter, months_on_book
-- percent: ever_30_share = ever_30 / disbursed
-- percent: ever_90_share = ever_90 / disbursed
-- percent: ever_written_off_share = ever_written_off / disbursed
-- percent: late_30_share = late_30 / disbursed
-- percent: late_90_share = late_90 / disbursed
-- percent: repaid_share = repaid / disbursed
-- percent: balance_share = balance / disbursed
-- percent: outstanding_share = outstanding / disbursed
-- loans: loan_cohort on cohort_quarter, months_on_book by dimension
-- Each loan is taken at its own months on book. A point is mature where the quarter is over and its youngest loan is that old
-- at a full month-end; before, it holds only the loans that are old enough and is not to be compared.
WITH point AS (
  SELECT
    c.as_of,
    d.dimension,
    CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END AS member,
    c.cohort_quarter,
    c.months_on_book,
    MAX(CASE WHEN c.partial THEN 1 ELSE 0 END) AS partial,
    SUM(c.loans) AS loans,
    SUM(c.loans_ever_30) AS loans_ever_30,
    SUM(c.loans_ever_90) AS loans_ever_90,
    SUM(c.loans_ever_written_off) AS loans_ever_written_off,
    SUM(c.disbursed) AS disbursed,
    SUM(c.repaid) AS repaid,
    SUM(c.balance) AS balance,
    SUM(c.outstanding) AS outstanding,
    SUM(c.written_off) AS written_off,
    SUM(c.late_30) AS late_30,
    SUM(c.late_90) AS late_90,
    SUM(c.ever_30) AS ever_30,
    SUM(c.ever_90) AS ever_90,
    SUM(c.ever_written_off) AS ever_written_off
  FROM cohort_series AS c
  CROSS JOIN dimension AS d
  WHERE d.dimension IN ('book', 'entity', 'product')
  GROUP BY c.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END, c.cohort_quarter, c.months_on_book
),

whole AS (
  SELECT
    c.as_of,
    d.dimension,
    CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END AS member,
    c.cohort_quarter,
    SUM(c.loans) AS loans
  FROM cohort_cell AS c
  CROSS JOIN dimension AS d
  WHERE d.dimension IN ('book', 'entity', 'product')
  GROUP BY c.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END, c.cohort_quarter
)

SELECT
  p.as_of,
  p.dimension,
  p.member,
  p.cohort_quarter,
  p.months_on_book,
  p.partial = 1 AS partial,
  p.partial = 0
  AND p.loans = w.loans
  AND EXTRACT(YEAR FROM p.cohort_quarter) * 12 + EXTRACT(MONTH FROM p.cohort_quarter) + 2 <= CASE WHEN t.is_partial THEN t.month_no - 1 ELSE t.month_no END AS mature,
  p.loans,
  p.loans_ever_30,
  p.loans_ever_90,
  p.loans_ever_written_off,
  p.disbursed,
  p.repaid,
  p.balance,
  p.outstanding,
  p.written_off,
  p.late_30,
  p.late_90,
  p.ever_30,
  p.ever_90,
  p.ever_written_off
FROM point AS p
INNER JOIN snapshot_date AS t
  ON t.as_of = p.as_of
INNER JOIN whole AS w
  ON w.as_of = p.as_of
  AND w.dimension = p.dimension
  AND w.member = p.member
  AND w.cohort_quarter = p.cohort_quarter
