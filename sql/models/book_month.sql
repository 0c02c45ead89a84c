-- book_month: one row per as-of date with the whole book's key figures; flows are those of its month up to it.
-- materialised: table
WITH borrower AS (
  SELECT as_of, COUNT(DISTINCT CASE WHEN outstanding > 0 THEN borrower_id END) AS active_borrowers
  FROM loan_snapshot
  GROUP BY as_of
),

flow AS (
  SELECT
    as_of,
    SUM(cash_month) AS cash_month,
    SUM(interest_month) AS interest_month,
    SUM(fees_month) AS fees_month,
    SUM(due_month) AS due_month,
    SUM(due_to_date) AS due_to_date,
    SUM(disbursed_month) AS disbursed_month,
    SUM(loans_disbursed_month) AS loans_disbursed_month
  FROM portfolio_cell
  GROUP BY as_of
),

fresh AS (
  SELECT
    as_of,
    COUNT(DISTINCT borrower_id) AS borrowers_disbursed_month,
    SUM(principal) AS new_principal,
    SUM(cost) AS new_cost,
    SUM(annual_cost) AS new_annual_cost,
    SUM(principal_days) AS new_principal_days
  FROM new_loan
  GROUP BY as_of
)

SELECT
  d.as_of,
  d.cut_on,
  d.is_partial,
  d.as_of = d.month_end AS is_month_end,
  COALESCE(p.balance, 0) AS balance,
  COALESCE(p.outstanding, 0) AS outstanding,
  COALESCE(p.written_off, 0) AS written_off,
  COALESCE(p.active_loans, 0) AS active_loans,
  COALESCE(b.active_borrowers, 0) AS active_borrowers,
  COALESCE(p.at_risk_1, 0) AS at_risk_1,
  COALESCE(p.at_risk_30, 0) AS at_risk_30,
  COALESCE(p.at_risk_90, 0) AS at_risk_90,
  COALESCE(p.at_risk_90_source_rule, 0) AS at_risk_90_source_rule,
  COALESCE(p.at_risk_90_incl_writeoff, 0) AS at_risk_90_incl_writeoff,
  COALESCE(p.cash_30d, 0) AS cash_30d,
  COALESCE(f.cash_month, 0) AS cash_month,
  COALESCE(f.interest_month, 0) AS interest_month,
  COALESCE(f.fees_month, 0) AS fees_month,
  COALESCE(f.due_month, 0) AS due_month,
  COALESCE(f.due_to_date, 0) AS due_to_date,
  COALESCE(f.disbursed_month, 0) AS disbursed_month,
  COALESCE(f.loans_disbursed_month, 0) AS loans_disbursed_month,
  COALESCE(n.borrowers_disbursed_month, 0) AS borrowers_disbursed_month,
  n.new_cost,
  n.new_annual_cost,
  n.new_principal,
  n.new_principal_days
FROM snapshot_date AS d
LEFT JOIN par_by_date AS p
  ON p.as_of = d.as_of
LEFT JOIN borrower AS b
  ON b.as_of = d.as_of
LEFT JOIN flow AS f
  ON f.as_of = d.as_of
LEFT JOIN fresh AS n
  ON n.as_of = d.as_of
