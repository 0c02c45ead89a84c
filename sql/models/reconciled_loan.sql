-- reconciled_loan: one row per source file, as-of date and loan that either side knows, our ledger beside the source's own figures, in the loan's currency.
-- materialised: table
-- The source's rule for PAR is `>= n` and leaves written-off balance out; ours is put in its terms, at its own rate to USD.
-- A figure that the source does not report stays NULL and is not compared.
WITH reported AS (
  SELECT DISTINCT s.source, d.seq, d.as_of, d.cut_on
  FROM stg_source_balance AS s
  INNER JOIN snapshot_date AS d
    ON d.as_of = s.as_of
),

theirs AS (
  SELECT
    s.source,
    r.seq,
    l.loan_key,
    s.loan_id,
    s.currency,
    s.dpd,
    s.is_written_off,
    s.balance,
    s.rate_to_usd,
    s.at_risk_7_usd,
    s.at_risk_30_usd,
    s.at_risk_60_usd,
    s.at_risk_90_usd
  FROM stg_source_balance AS s
  INNER JOIN reported AS r
    ON r.as_of = s.as_of
    AND r.source = s.source
  LEFT JOIN dim_loan AS l
    ON l.loan_id = s.loan_id
),

ours AS (
  SELECT
    r.source,
    x.seq,
    x.loan_key,
    x.balance,
    x.dpd,
    x.dpd > p.write_off_after_dpd AS is_written_off
  FROM loan_position AS x
  INNER JOIN reported AS r
    ON r.seq = x.seq
  CROSS JOIN policy AS p
  WHERE x.balance <> 0
),

side_by_side AS (
  SELECT
    COALESCE(o.source, t.source) AS source,
    COALESCE(o.seq, t.seq) AS seq,
    COALESCE(o.loan_key, t.loan_key) AS loan_key,
    t.loan_id AS source_loan_id,
    t.currency AS source_currency,
    t.loan_id IS NOT NULL AS in_source,
    COALESCE(o.balance, 0) AS our_balance,
    COALESCE(o.dpd, 0) AS our_dpd,
    COALESCE(o.is_written_off, FALSE) AS our_written_off,
    t.balance AS source_balance,
    t.dpd AS source_dpd,
    t.is_written_off AS source_written_off,
    COALESCE(t.rate_to_usd, 1) AS rate_to_usd,
    t.at_risk_7_usd AS source_at_risk_7_usd,
    t.at_risk_30_usd AS source_at_risk_30_usd,
    t.at_risk_60_usd AS source_at_risk_60_usd,
    t.at_risk_90_usd AS source_at_risk_90_usd
  FROM ours AS o
  FULL OUTER JOIN theirs AS t
    ON t.loan_key = o.loan_key
    AND t.seq = o.seq
    AND t.source = o.source
)

SELECT
  x.source,
  r.as_of,
  r.cut_on,
  COALESCE(l.loan_id, x.source_loan_id) AS loan_id,
  x.loan_key,
  x.in_source,
  x.loan_key IS NOT NULL AS in_ours,
  f.rate,
  x.our_balance,
  x.source_balance,
  x.our_dpd,
  x.source_dpd,
  x.our_written_off,
  x.source_written_off,
  CASE WHEN x.our_dpd >= 7 AND NOT x.our_written_off THEN ROUND(CAST(x.our_balance AS DECIMAL(35, 6)) * x.rate_to_usd, 6) ELSE 0 END AS our_at_risk_7_usd,
  CASE WHEN x.our_dpd >= 30 AND NOT x.our_written_off THEN ROUND(CAST(x.our_balance AS DECIMAL(35, 6)) * x.rate_to_usd, 6) ELSE 0 END AS our_at_risk_30_usd,
  CASE WHEN x.our_dpd >= 60 AND NOT x.our_written_off THEN ROUND(CAST(x.our_balance AS DECIMAL(35, 6)) * x.rate_to_usd, 6) ELSE 0 END AS our_at_risk_60_usd,
  CASE WHEN x.our_dpd >= 90 AND NOT x.our_written_off THEN ROUND(CAST(x.our_balance AS DECIMAL(35, 6)) * x.rate_to_usd, 6) ELSE 0 END AS our_at_risk_90_usd,
  x.source_at_risk_7_usd,
  x.source_at_risk_30_usd,
  x.source_at_risk_60_usd,
  x.source_at_risk_90_usd
FROM side_by_side AS x
INNER JOIN reported AS r
  ON r.seq = x.seq
  AND r.source = x.source
LEFT JOIN dim_loan AS l
  ON l.loan_key = x.loan_key
LEFT JOIN fx_by_snapshot AS f
  ON f.currency = COALESCE(l.currency, x.source_currency)
  AND f.seq = x.seq
