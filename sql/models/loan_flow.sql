-- loan_flow: one row per loan per as-of date on which cash, an instalment or its disbursement falls in a window, in the loan's own currency.
-- materialised: stage
WITH flow AS (
  SELECT
    p.loan_key,
    w.seq,
    CASE WHEN w.in_collection_window THEN p.total ELSE 0 END AS cash_30d,
    CASE WHEN w.in_month_to_date THEN p.total ELSE 0 END AS cash_month,
    CASE WHEN w.in_month_to_date THEN p.principal ELSE 0 END AS principal_paid_month,
    CASE WHEN w.in_month_to_date THEN p.interest ELSE 0 END AS interest_month,
    CASE WHEN w.in_month_to_date THEN p.fees ELSE 0 END AS fees_month,
    CAST(0 AS DECIMAL(18, 6)) AS due_month,
    CAST(0 AS DECIMAL(18, 6)) AS due_to_date,
    CAST(0 AS DECIMAL(18, 6)) AS due_by_month_end,
    CAST(0 AS DECIMAL(18, 6)) AS disbursed_month,
    0 AS loans_disbursed_month
  FROM fact_payment AS p
  INNER JOIN snapshot_window AS w
    ON w.day_on = p.paid_on
  WHERE w.in_collection_window OR w.in_month_to_date
  UNION ALL
  SELECT
    i.loan_key,
    w.seq,
    0,
    0,
    0,
    0,
    0,
    i.total,
    CASE WHEN w.in_month_to_date THEN i.total ELSE 0 END,
    CASE WHEN i.ends_month THEN i.total_due ELSE 0 END,
    0,
    0
  FROM fact_schedule AS i
  INNER JOIN snapshot_window AS w
    ON w.day_on = i.due_on
  INNER JOIN dim_loan AS l
    ON l.loan_key = i.loan_key
  -- A loan that is not disbursed yet owes nothing this month.
  WHERE w.in_month AND l.disbursed_on <= w.cut_on
  UNION ALL
  SELECT
    l.loan_key,
    w.seq,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    l.principal,
    1
  FROM dim_loan AS l
  INNER JOIN snapshot_window AS w
    ON w.day_on = l.disbursed_on
  WHERE w.in_month_to_date
)

SELECT
  loan_key,
  seq,
  CAST(SUM(cash_30d) AS DECIMAL(18, 6)) AS cash_30d,
  CAST(SUM(cash_month) AS DECIMAL(18, 6)) AS cash_month,
  CAST(SUM(principal_paid_month) AS DECIMAL(18, 6)) AS principal_paid_month,
  CAST(SUM(interest_month) AS DECIMAL(18, 6)) AS interest_month,
  CAST(SUM(fees_month) AS DECIMAL(18, 6)) AS fees_month,
  CAST(SUM(due_month) AS DECIMAL(18, 6)) AS due_month,
  CAST(SUM(due_to_date) AS DECIMAL(18, 6)) AS due_to_date,
  CAST(SUM(due_by_month_end) - SUM(due_month) AS DECIMAL(18, 6)) AS due_before,
  CAST(SUM(disbursed_month) AS DECIMAL(18, 6)) AS disbursed_month,
  SUM(loans_disbursed_month) AS loans_disbursed_month
FROM flow
GROUP BY loan_key, seq
