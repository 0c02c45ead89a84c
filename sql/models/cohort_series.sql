-- cohort_series: one row per as-of date, month of disbursement, months on book, entity and product: the cohort's life seen from the as-of date.
-- materialised: view
-- Every point stands at a full month-end, except the last one of a month in progress: that one is partial.
SELECT
  s.as_of,
  c.cohort_month,
  c.cohort_quarter,
  c.months_on_book,
  s.month_as_of AS seen_on,
  s.months_back,
  s.partial,
  c.entity,
  c.product,
  c.loans,
  c.loans_ever_30,
  c.loans_ever_90,
  c.loans_ever_written_off,
  c.disbursed,
  c.repaid,
  c.balance,
  c.outstanding,
  c.written_off,
  c.late_30,
  c.late_90,
  c.ever_30,
  c.ever_90,
  c.ever_written_off
FROM month_series AS s
INNER JOIN cohort_cell AS c
  ON c.seq = s.month_seq
