-- instalment_left: one row per as-of date and instalment with something left to pay, and per loan that owes more or less than its schedule, in the reporting currency.
-- materialised: view
-- Payments go to the oldest instalment first, principal to principal and the rest to the rest. So the principal of all rows is the balance.
-- What is left of an instalment is a difference of two sums, each converted first: rounding cannot break the total.
-- overdue: past its day and not covered. settled: past its day and counted as covered by cash or within the tolerance, yet something is left.
-- written off: all of a loan that is. not scheduled: the balance that no instalment speaks of. Else `to come`. pool_key: see loan_origin.
WITH placed AS (
  SELECT
    d.as_of,
    d.cut_on,
    x.loan_key,
    x.seq,
    o.pool_key,
    o.life_principal,
    x.balance,
    x.dpd,
    x.dpd_on,
    a.bucket,
    x.dpd > p.write_off_after_dpd AS is_written_off,
    l.principal - x.balance AS principal_paid,
    CASE WHEN x.total_paid > l.principal - x.balance THEN x.total_paid - (l.principal - x.balance) ELSE 0 END AS charges_paid,
    r.rate
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  INNER JOIN dim_loan AS l
    ON l.loan_key = x.loan_key
  INNER JOIN loan_origin AS o
    ON o.loan_key = x.loan_key
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = x.seq
  LEFT JOIN ageing_bucket AS a
    ON a.dpd = CASE WHEN x.dpd < p.last_bucket_from_dpd THEN x.dpd ELSE p.last_bucket_from_dpd END
  WHERE x.balance <> 0
),

instalment AS (
  SELECT
    x.as_of,
    x.seq,
    x.loan_key,
    x.pool_key,
    x.rate,
    i.instalment_no,
    i.due_on,
    i.due_month,
    CASE
      WHEN x.is_written_off THEN 'written off'
      WHEN i.due_on >= x.cut_on THEN 'to come'
      WHEN x.dpd > 0 AND i.due_on >= x.dpd_on THEN 'overdue'
      ELSE 'settled'
    END AS due,
    x.dpd,
    x.bucket,
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
    x.seq,
    x.loan_key,
    x.pool_key,
    x.rate,
    0 AS instalment_no,
    CAST(NULL AS DATE) AS due_on,
    CAST(NULL AS DATE) AS due_month,
    'not scheduled' AS due,
    x.dpd,
    x.bucket,
    x.balance AS principal_until,
    CASE WHEN COALESCE(x.life_principal, 0) > x.principal_paid THEN COALESCE(x.life_principal, 0) - x.principal_paid ELSE 0 END AS principal_before,
    CAST(0 AS DECIMAL(18, 6)) AS charges_until,
    CAST(0 AS DECIMAL(18, 6)) AS charges_before
  FROM placed AS x
),

converted AS (
  SELECT
    as_of,
    seq,
    loan_key,
    pool_key,
    instalment_no,
    due_on,
    due_month,
    due,
    dpd,
    bucket,
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
  as_of,
  seq,
  loan_key,
  pool_key,
  instalment_no,
  due_on,
  due_month,
  due,
  dpd,
  bucket,
  principal,
  charges
FROM converted
WHERE principal <> 0 OR charges <> 0
