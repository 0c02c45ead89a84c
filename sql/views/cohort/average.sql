-- cohort_average: one row per as-of date, dimension, member and months on book: all mature months of disbursement, each with the weight of its money.
-- materialised: view
-- title: Average curve of mature vintages, weighted by disbursed | Curva promedio de las cosechas maduras, ponderada por lo desembolsado
-- order: dimension, member, months_on_book
-- percent: ever_30_share = ever_30 / disbursed
-- percent: ever_90_share = ever_90 / disbursed
-- percent: ever_written_off_share = ever_written_off / disbursed
-- percent: late_30_share = late_30 / disbursed
-- percent: late_90_share = late_90 / disbursed
-- percent: repaid_share = repaid / disbursed
-- percent: balance_share = balance / disbursed
-- percent: outstanding_share = outstanding / disbursed
-- loans: loan_cohort on months_on_book by dimension where NOT partial
-- The further the curve, the fewer and older the vintages that it rests on: `cohorts` says how many.
SELECT
  c.as_of,
  d.dimension,
  CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END AS member,
  c.months_on_book,
  COUNT(DISTINCT c.cohort_month) AS cohorts,
  FALSE AS partial,
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
WHERE NOT c.partial AND d.dimension IN ('book', 'entity', 'product')
GROUP BY c.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END, c.months_on_book
