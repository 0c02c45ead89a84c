-- delinquency_cure: one row per as-of date, dimension, member and state that was past due at the last month-end: what became of it, and of all that were past due and not written off together.
-- materialised: view
-- title: Cure and roll | Cura y deterioro
-- order: dimension, member, opening_no
-- percent: cure_rate = cured / state_balance
-- percent: improved_rate = improved / state_balance
-- percent: same_rate = same / state_balance
-- percent: worse_rate = worse / state_balance
-- percent: written_off_rate = became_written_off / state_balance
-- loans: loan_cure on opening_state by dimension
-- Cured = repaid to nothing + became current. Of loans that were written off, paying down to a bucket is an improvement.
-- `all past due` leaves written-off out: those are recovered, not cured.
WITH state AS (
  SELECT
    p.as_of,
    p.dimension,
    p.member,
    p.opening_no,
    p.opening_state,
    SUM(p.loans) AS loans,
    SUM(p.opening_balance) AS opening_balance,
    SUM(CASE WHEN p.outcome = 'repaid' THEN p.opening_balance ELSE 0 END) AS repaid,
    SUM(CASE WHEN b.from_dpd = 0 THEN p.opening_balance ELSE 0 END) AS became_current,
    SUM(CASE WHEN p.outcome <> 'repaid' AND p.outcome_no < p.opening_no AND (b.from_dpd IS NULL OR b.from_dpd > 0) THEN p.opening_balance ELSE 0 END) AS improved,
    SUM(CASE WHEN p.outcome_no = p.opening_no THEN p.opening_balance ELSE 0 END) AS same,
    SUM(CASE WHEN p.outcome_no > p.opening_no AND p.outcome <> 'written off' THEN p.opening_balance ELSE 0 END) AS worse,
    SUM(CASE WHEN p.outcome_no > p.opening_no AND p.outcome = 'written off' THEN p.opening_balance ELSE 0 END) AS became_written_off
  FROM roll_part AS p
  LEFT JOIN bucket AS b
    ON b.bucket = p.outcome
  WHERE p.opening_no > 0
  GROUP BY p.as_of, p.dimension, p.member, p.opening_no, p.opening_state
),

together AS (
  SELECT
    s.as_of,
    s.dimension,
    s.member,
    s.opening_no,
    s.opening_state,
    s.loans,
    s.opening_balance,
    s.repaid,
    s.became_current,
    s.improved,
    s.same,
    s.worse,
    s.became_written_off
  FROM state AS s
  UNION ALL
  SELECT
    s.as_of,
    s.dimension,
    s.member,
    2000 AS opening_no,
    'all past due' AS opening_state,
    SUM(s.loans) AS loans,
    SUM(s.opening_balance) AS opening_balance,
    SUM(s.repaid) AS repaid,
    SUM(s.became_current) AS became_current,
    SUM(s.improved) AS improved,
    SUM(s.same) AS same,
    SUM(s.worse) AS worse,
    SUM(s.became_written_off) AS became_written_off
  FROM state AS s
  WHERE s.opening_state <> 'written off'
  GROUP BY s.as_of, s.dimension, s.member
)

SELECT
  as_of,
  dimension,
  member,
  opening_no,
  opening_state,
  loans,
  opening_balance,
  repaid,
  became_current,
  repaid + became_current AS cured,
  improved,
  same,
  worse,
  became_written_off,
  opening_balance AS state_balance
FROM together
