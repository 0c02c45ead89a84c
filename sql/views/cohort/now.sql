-- cohort_now: one row per as-of date, dimension, member and month of disbursement: where each cohort stands today.
-- materialised: view
-- title: Vintages today, by entity and product | Cosechas hoy, por entidad y producto
-- order: dimension, member, cohort_month
-- percent: ever_30_share = ever_30 / disbursed
-- percent: ever_90_share = ever_90 / disbursed
-- percent: ever_written_off_share = ever_written_off / disbursed
-- percent: late_30_share = late_30 / disbursed
-- percent: late_90_share = late_90 / disbursed
-- percent: repaid_share = repaid / disbursed
-- percent: balance_share = balance / disbursed
-- percent: outstanding_share = outstanding / disbursed
-- loans: loan_cohort on cohort_month by dimension where months_back = 0
-- Mature: the month of disbursement is over, so that the vintage is whole. Of a month in progress `partial` speaks.
SELECT
  c.as_of,
  d.dimension,
  CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END AS member,
  c.cohort_month,
  c.months_on_book,
  NOT c.partial OR c.months_on_book > 0 AS mature,
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
WHERE c.months_back = 0 AND d.dimension IN ('book', 'entity', 'product')
GROUP BY c.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product ELSE 'book' END, c.cohort_month, c.months_on_book, c.partial
