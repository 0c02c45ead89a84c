-- instalment_roll: one row per as-of date, class of what was open at the last month-end and class of what is left of it: the whole book's principal.
-- materialised: table
-- Classes: `due` falls due since, `later` after; an ageing bucket is past due; `settled` and `written off` as in open_instalment; `paid` is nothing left.
-- What falls due on the last day and is not paid on it is `later`: it is not late yet. Both ends are at the as-of date's rate.
WITH placed AS (
  SELECT
    d.as_of,
    d.cut_on,
    o.cut_on AS opening_on,
    d.month_end,
    x.loan_key,
    r.rate,
    l.principal - x.balance AS paid_before,
    x.dpd > p.write_off_after_dpd AS was_written_off,
    x.dpd_on AS was_late_on,
    a.bucket AS opening_bucket,
    l.principal - COALESCE(y.balance, 0) AS paid_now,
    COALESCE(y.dpd, 0) > p.write_off_after_dpd AS is_written_off,
    y.dpd_on AS late_on,
    b.bucket
  FROM snapshot_date AS d
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS o
    ON o.seq = d.opening_seq
  INNER JOIN loan_position AS x
    ON x.seq = o.seq
  INNER JOIN dim_loan AS l
    ON l.loan_key = x.loan_key
  LEFT JOIN loan_position AS y
    ON y.loan_key = x.loan_key
    AND y.seq = d.seq
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = d.seq
  LEFT JOIN ageing_bucket AS a
    ON a.dpd = CASE WHEN x.dpd < p.last_bucket_from_dpd THEN x.dpd ELSE p.last_bucket_from_dpd END
  LEFT JOIN ageing_bucket AS b
    ON b.dpd = CASE WHEN COALESCE(y.dpd, 0) < p.last_bucket_from_dpd THEN COALESCE(y.dpd, 0) ELSE p.last_bucket_from_dpd END
  WHERE x.balance <> 0
),

instalment AS (
  SELECT
    x.as_of,
    x.rate,
    CASE
      WHEN x.was_written_off THEN 'written off'
      WHEN i.due_on > x.month_end THEN 'later'
      WHEN i.due_on >= x.opening_on THEN 'due'
      WHEN i.due_on >= x.was_late_on THEN x.opening_bucket
      ELSE 'settled'
    END AS opening_class,
    CASE
      WHEN x.is_written_off THEN 'written off'
      WHEN i.due_on >= x.cut_on THEN 'later'
      WHEN i.due_on >= x.late_on THEN x.bucket
      ELSE 'settled'
    END AS closing_class,
    CASE WHEN i.principal_due > x.paid_before THEN i.principal_due - x.paid_before ELSE 0 END AS opening_until,
    CASE WHEN i.principal_due - i.principal > x.paid_before AND i.instalment_no > 1 THEN i.principal_due - i.principal - x.paid_before ELSE 0 END AS opening_before,
    CASE WHEN i.principal_due > x.paid_now THEN i.principal_due - x.paid_now ELSE 0 END AS left_until,
    CASE WHEN i.principal_due - i.principal > x.paid_now AND i.instalment_no > 1 THEN i.principal_due - i.principal - x.paid_now ELSE 0 END AS left_before
  FROM placed AS x
  INNER JOIN fact_schedule AS i
    ON i.loan_key = x.loan_key
    -- What was paid before the month opened takes no part in it.
    AND (i.principal_due > x.paid_before OR i.principal_due - i.principal > x.paid_before)
),

converted AS (
  SELECT
    as_of,
    opening_class,
    closing_class,
    CASE
      WHEN rate = 1 THEN CAST(opening_until - opening_before AS DECIMAL(18, 6))
      ELSE CAST(ROUND(CAST(opening_until AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) - CAST(ROUND(CAST(opening_before AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6))
    END AS opening_principal,
    CASE
      WHEN rate = 1 THEN CAST(left_until - left_before AS DECIMAL(18, 6))
      ELSE CAST(ROUND(CAST(left_until AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) - CAST(ROUND(CAST(left_before AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6))
    END AS left_principal
  FROM instalment
)

SELECT
  as_of,
  opening_class,
  CASE WHEN left_principal = 0 THEN 'paid' ELSE closing_class END AS closing_class,
  COUNT(*) AS instalments,
  SUM(opening_principal) AS opening_principal,
  SUM(left_principal) AS left_principal
FROM converted
WHERE opening_principal <> 0
GROUP BY as_of, opening_class, CASE WHEN left_principal = 0 THEN 'paid' ELSE closing_class END
