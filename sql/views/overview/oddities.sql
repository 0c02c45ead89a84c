-- overview_oddities: one row per as-of date and kind of oddity: loans that count in the figures, or do not, and a reader must know of.
-- materialised: view
-- title: What to know of the figures | Lo que hay que saber de las cifras
-- order: kind
-- loans: loan_oddity on kind
-- Dust counts as loans and may be a whole member's balance: its percentages then say nothing. A loan may be of several kinds.
SELECT
  as_of,
  kind,
  COUNT(*) AS loans,
  COUNT(CASE WHEN outstanding > 0 THEN 1 END) AS active_loans,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off
FROM loan_oddity
GROUP BY as_of, kind
