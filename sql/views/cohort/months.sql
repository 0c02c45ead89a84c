-- cohort_months: one row per as-of date, month of disbursement and months on book: the whole book's vintage curves.
-- materialised: view
-- title: Vintages by month and months on book (of disbursed; ever: once late stays counted) | Cosechas por mes y meses en libros (de lo desembolsado; alguna vez: lo que cayó en mora se sigue contando)
-- order: cohort_month, months_on_book
-- percent: ever_30_share = ever_30 / disbursed
-- percent: ever_90_share = ever_90 / disbursed
-- percent: ever_written_off_share = ever_written_off / disbursed
-- percent: late_30_share = late_30 / disbursed
-- percent: late_90_share = late_90 / disbursed
-- percent: repaid_share = repaid / disbursed
-- percent: balance_share = balance / disbursed
-- percent: outstanding_share = outstanding / disbursed
-- loans: loan_cohort on cohort_month, months_on_book
-- A point is mature where the month that it stands at is over; immature ones are not to be compared.
SELECT
  as_of,
  cohort_month,
  months_on_book,
  partial,
  NOT partial AS mature,
  SUM(loans) AS loans,
  SUM(loans_ever_30) AS loans_ever_30,
  SUM(loans_ever_90) AS loans_ever_90,
  SUM(loans_ever_written_off) AS loans_ever_written_off,
  SUM(disbursed) AS disbursed,
  SUM(repaid) AS repaid,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off,
  SUM(late_30) AS late_30,
  SUM(late_90) AS late_90,
  SUM(ever_30) AS ever_30,
  SUM(ever_90) AS ever_90,
  SUM(ever_written_off) AS ever_written_off
FROM cohort_series
GROUP BY as_of, cohort_month, months_on_book, partial
