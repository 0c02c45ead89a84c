-- par_by_date: one row per as-of date, with the portfolio-at-risk ladder as exact sums (no division).
-- materialised: table
SELECT
  as_of,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off,
  SUM(CASE WHEN dpd >= 1 THEN outstanding ELSE 0 END) AS at_risk_1,
  SUM(CASE WHEN dpd >= 7 THEN outstanding ELSE 0 END) AS at_risk_7,
  SUM(CASE WHEN dpd >= 30 THEN outstanding ELSE 0 END) AS at_risk_30,
  SUM(CASE WHEN dpd >= 60 THEN outstanding ELSE 0 END) AS at_risk_60,
  SUM(CASE WHEN dpd > 90 THEN outstanding ELSE 0 END) AS at_risk_90,
  SUM(CASE WHEN dpd >= 90 THEN outstanding ELSE 0 END) AS at_risk_90_source_rule,
  SUM(CASE WHEN dpd > 90 THEN balance ELSE 0 END) AS at_risk_90_incl_writeoff,
  SUM(cash_30d) AS cash_30d,
  SUM(CASE WHEN outstanding > 0 THEN 1 ELSE 0 END) AS active_loans
FROM loan_snapshot
GROUP BY as_of
