-- traction_month: one row per as-of date, dimension, member and kind of borrower: what was disbursed in the month up to it.
-- materialised: view
-- title: Disbursed in the month | Desembolsado en el mes
-- order: dimension, member, borrower_kind
-- percent: share = principal / member_principal
-- percent: apr = annual_cost / principal
-- loans: new_loan on borrower_kind by dimension
-- A borrower is new at the first loan, reactivated after a pause longer than the policy's, else repeat; apr is the all-in simple rate.
SELECT
  as_of,
  dimension,
  member,
  borrower_kind,
  loans,
  borrowers,
  principal,
  cost,
  annual_cost,
  SUM(principal) OVER (PARTITION BY as_of, dimension, member) AS member_principal
FROM new_loan_part
