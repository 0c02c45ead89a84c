-- oldest_uncovered: one row per paid step that leaves an instalment uncovered past its due date, with the oldest such due date.
-- materialised: stage
-- An instalment is covered when cumulative principal OR cumulative cash reaches it (domain.md, ledger rules);
-- either one alone misdates real loans. The last condition only spares work: what is due after the step ends cannot be late in it.
SELECT
  s.loan_key,
  s.from_seq,
  MIN(i.due_on) AS due_on
FROM paid_step AS s
CROSS JOIN policy AS p
INNER JOIN fact_schedule AS i
  ON i.loan_key = s.loan_key
  AND i.principal_due > s.principal_paid + p.coverage_tolerance
  AND i.total_due > s.total_paid + p.coverage_tolerance
  AND i.due_on < s.until_on
WHERE s.balance <> 0
GROUP BY s.loan_key, s.from_seq
