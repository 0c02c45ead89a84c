-- open_instalment: one row per as-of date and instalment with something left to pay, and per loan that owes more or less than its schedule, in the reporting currency.
-- materialised: view
-- Payments go to the oldest instalment first, principal to principal and the rest to the rest. So the principal of all rows is the balance.
-- What is left of an instalment is a difference of two sums, each converted first: rounding cannot break the total.
-- overdue: past its day and not covered. settled: past its day and counted as covered by cash or within the tolerance, yet something is left.
-- written off: all of a loan that is. not scheduled: the balance that no instalment speaks of. Else `to come`, with its week where that is one of the 13 that
-- begin with the last day of data, and its window of 30 days: 12 of them, and 13 for what comes after.
WITH placed AS (
  SELECT
    d.as_of,
    d.cut_on,
    x.loan_key,
    x.seq,
    x.balance,
    x.dpd,
    x.dpd_on,
    x.dpd > p.write_off_after_dpd AS is_written_off,
    l.principal - x.balance AS principal_paid,
    CASE WHEN x.total_paid > l.principal - x.balance THEN x.total_paid - (l.principal - x.balance) ELSE 0 END AS charges_paid,
    l.currency,
    r.rate
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  INNER JOIN dim_loan AS l
    ON l.loan_key = x.loan_key
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = x.seq
  WHERE x.balance <> 0
),

scheduled AS (
  SELECT loan_key, SUM(principal) AS principal
  FROM fact_schedule
  GROUP BY loan_key
),

instalment AS (
  SELECT
    x.as_of,
    x.loan_key,
    x.rate,
    i.instalment_no,
    i.due_on,
    DATE_DIFF('DAY', x.cut_on, i.due_on) AS days_ahead,
    CASE
      WHEN x.is_written_off THEN 'written off'
      WHEN i.due_on >= x.cut_on THEN 'to come'
      WHEN x.dpd > 0 AND i.due_on >= x.dpd_on THEN 'overdue'
      ELSE 'settled'
    END AS due,
    x.dpd,
    CASE WHEN i.principal_due > x.principal_paid THEN i.principal_due - x.principal_paid ELSE 0 END AS principal_until,
    CASE WHEN i.principal_due - i.principal > x.principal_paid AND i.instalment_no > 1 THEN i.principal_due - i.principal - x.principal_paid ELSE 0 END AS principal_before,
    CASE WHEN i.total_due - i.principal_due > x.charges_paid THEN i.total_due - i.principal_due - x.charges_paid ELSE 0 END AS charges_until,
    CASE
      WHEN i.total_due - i.total - i.principal_due + i.principal > x.charges_paid AND i.instalment_no > 1
        THEN i.total_due - i.total - i.principal_due + i.principal - x.charges_paid
      ELSE 0
    END AS charges_before
  FROM placed AS x
  INNER JOIN fact_schedule AS i
    ON i.loan_key = x.loan_key
  UNION ALL
  -- A loan without a schedule, or one that does not add up to what was lent.
  SELECT
    x.as_of,
    x.loan_key,
    x.rate,
    0 AS instalment_no,
    CAST(NULL AS DATE) AS due_on,
    CAST(NULL AS BIGINT) AS days_ahead,
    'not scheduled' AS due,
    x.dpd,
    x.balance AS principal_until,
    CASE WHEN COALESCE(s.principal, 0) > x.principal_paid THEN COALESCE(s.principal, 0) - x.principal_paid ELSE 0 END AS principal_before,
    CAST(0 AS DECIMAL(18, 6)) AS charges_until,
    CAST(0 AS DECIMAL(18, 6)) AS charges_before
  FROM placed AS x
  LEFT JOIN scheduled AS s
    ON s.loan_key = x.loan_key
),

converted AS (
  SELECT
    as_of,
    loan_key,
    instalment_no,
    due_on,
    days_ahead,
    due,
    dpd,
    CASE
      WHEN rate = 1 THEN CAST(principal_until - principal_before AS DECIMAL(18, 6))
      ELSE CAST(ROUND(CAST(principal_until AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) - CAST(ROUND(CAST(principal_before AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6))
    END AS principal,
    CASE
      WHEN rate = 1 THEN CAST(charges_until - charges_before AS DECIMAL(18, 6))
      ELSE CAST(ROUND(CAST(charges_until AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) - CAST(ROUND(CAST(charges_before AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6))
    END AS charges
  FROM instalment
)

SELECT
  c.as_of,
  c.loan_key,
  l.loan_id,
  l.borrower_id,
  l.borrower_key,
  l.entity,
  l.product,
  l.borrower_segment,
  l.state,
  l.size_bucket,
  l.term_bucket,
  l.cohort_month,
  l.currency,
  l.disbursed_on,
  c.instalment_no,
  c.due_on,
  c.days_ahead,
  c.due,
  CASE WHEN c.due = 'to come' THEN CAST(DATE_TRUNC('MONTH', CAST(c.due_on AS DATE)) AS DATE) END AS due_month,
  CASE
    WHEN c.due <> 'to come' THEN NULL
    WHEN c.days_ahead < 7 THEN 1
    WHEN c.days_ahead < 14 THEN 2
    WHEN c.days_ahead < 21 THEN 3
    WHEN c.days_ahead < 28 THEN 4
    WHEN c.days_ahead < 35 THEN 5
    WHEN c.days_ahead < 42 THEN 6
    WHEN c.days_ahead < 49 THEN 7
    WHEN c.days_ahead < 56 THEN 8
    WHEN c.days_ahead < 63 THEN 9
    WHEN c.days_ahead < 70 THEN 10
    WHEN c.days_ahead < 77 THEN 11
    WHEN c.days_ahead < 84 THEN 12
    WHEN c.days_ahead < 91 THEN 13
  END AS week,
  CASE
    WHEN c.due <> 'to come' THEN NULL
    WHEN c.days_ahead < 30 THEN 1
    WHEN c.days_ahead < 60 THEN 2
    WHEN c.days_ahead < 90 THEN 3
    WHEN c.days_ahead < 120 THEN 4
    WHEN c.days_ahead < 150 THEN 5
    WHEN c.days_ahead < 180 THEN 6
    WHEN c.days_ahead < 210 THEN 7
    WHEN c.days_ahead < 240 THEN 8
    WHEN c.days_ahead < 270 THEN 9
    WHEN c.days_ahead < 300 THEN 10
    WHEN c.days_ahead < 330 THEN 11
    WHEN c.days_ahead < 360 THEN 12
    ELSE 13
  END AS window_no,
  c.dpd,
  a.bucket,
  c.principal,
  c.charges,
  c.principal + c.charges AS total
FROM converted AS c
CROSS JOIN policy AS p
INNER JOIN dim_loan AS l
  ON l.loan_key = c.loan_key
LEFT JOIN ageing_bucket AS a
  ON a.dpd = CASE WHEN c.dpd < p.last_bucket_from_dpd THEN c.dpd ELSE p.last_bucket_from_dpd END
WHERE c.principal <> 0 OR c.charges <> 0
