-- delinquency_cure: one row per as-of date, dimension, member and state that was past due at the last month-end: what became of it.
-- materialised: view
-- title: Cure and roll | Cura y deterioro
-- order: dimension, member, opening_no
-- percent: cure_rate = cured / state_balance
-- percent: improved_rate = improved / state_balance
-- percent: same_rate = same / state_balance
-- percent: worse_rate = worse / state_balance
-- percent: written_off_rate = became_written_off / state_balance
-- loans: loan_roll on opening_state by dimension
-- Cured: current or repaid to nothing. Of loans that were written off, paying down to a bucket is an improvement.
SELECT
  p.as_of,
  p.dimension,
  p.member,
  p.opening_no,
  p.opening_state,
  SUM(p.loans) AS loans,
  SUM(p.opening_balance) AS opening_balance,
  SUM(CASE WHEN p.outcome = 'repaid' OR b.from_dpd = 0 THEN p.opening_balance ELSE 0 END) AS cured,
  SUM(CASE WHEN p.outcome <> 'repaid' AND p.outcome_no < p.opening_no AND (b.from_dpd IS NULL OR b.from_dpd > 0) THEN p.opening_balance ELSE 0 END) AS improved,
  SUM(CASE WHEN p.outcome_no = p.opening_no THEN p.opening_balance ELSE 0 END) AS same,
  SUM(CASE WHEN p.outcome_no > p.opening_no AND p.outcome <> 'written off' THEN p.opening_balance ELSE 0 END) AS worse,
  SUM(CASE WHEN p.outcome_no > p.opening_no AND p.outcome = 'written off' THEN p.opening_balance ELSE 0 END) AS became_written_off,
  SUM(p.opening_balance) AS state_balance
FROM roll_part AS p
LEFT JOIN bucket AS b
  ON b.bucket = p.outcome
WHERE p.opening_no > 0
GROUP BY p.as_of, p.dimension, p.member, p.opening_no, p.opening_state
