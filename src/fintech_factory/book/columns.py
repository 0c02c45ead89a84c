# ruff: noqa: S608 - every fragment is a constant of this file
"""How each table of the export is spelled: its columns in order, from whole numbers to text.

Every statement reads a relation `page` of integer columns; money is in cents and becomes a
double only to be written, in the shortest text that reads back to the same cent.
"""

__all__ = ["AMOUNT_BUCKETS", "ASSETS", "LOAN_COUNTS", "SELECTS", "STATUSES", "TERM_BUCKETS"]

AMOUNT_BUCKETS = (
    *(("0-0.5K", 50_000), ("0.5K-1K", 100_000), ("1K-2.5K", 250_000), ("2.5K-5K", 500_000)),
    *(("5K-10K", 1_000_000), ("10K-50K", 5_000_000), ("50K-100K", 10_000_000), (">100K", 0)),
)
TERM_BUCKETS = (
    *(("0-10 Days", 10), ("11-20 Days", 20), ("21-30 Days", 30), ("31-45 Days", 45)),
    *(("46-60 Days", 60), ("61-90 Days", 90), ("91-120 Days", 120), ("121-180 Days", 180)),
    (">180 Days", 0),
)
LOAN_COUNTS = ("1", "2", "3", "4", "5-10", "11+")
STATUSES = ("Complete", "Current", "Default")
ASSETS = ("vehicle", "machinery", "warehouse receipt")

_LOAN_ID = (
    "'NL' || chr((70 + entity)::INTEGER) || '-' || "
    "CASE WHEN borrower < 1000000 THEN substr((1000000 + borrower)::VARCHAR, 2) "
    "ELSE borrower::VARCHAR END || '-' || "
    "CASE WHEN number < 1000 THEN substr((1000 + number)::VARCHAR, 2) "
    "ELSE number::VARCHAR END"
)
_CUSTOMER_ID = "'KN' || substr((10000000 + borrower)::VARCHAR, 2)"


def _day(column: str) -> str:
    return f"DATE '1970-01-01' + {column}::INTEGER"


def _money(*columns: str) -> str:
    return ", ".join(f"{column} / 1e2 AS {column}" for column in columns)


def _named(column: str, names: str) -> str:
    return f"getvariable('{names}')[{column} + 1]"


_LOANS = f"""
SELECT {_LOAN_ID} AS loan_id, {_day("maturity_on")} AS maturity_date,
  {_CUSTOMER_ID} AS customer_id, NULL AS application_date,
  {_day("disbursed_on")} AS disburse_date, NULL AS pledge_date,
  {_named("product", "products")} AS product_type, NULL AS loan_grade, NULL AS lender,
  NULL AS facility, {_money("total_fees")}, 0.0::DOUBLE AS total_other,
  {_money("total_interest")}, NULL AS credit_bureau_score, term,
  {_named("frequency", "frequencies")} AS frequency, rate_thousandths / 1e3 AS interest_rate,
  {_money("disburse_principal", "outstanding_balance")},
  {_named("currency", "currencies")} AS currency, dpd,
  (disburse_principal - outstanding_balance) / disburse_principal::DOUBLE AS ratio_paid,
  {_named("status", "statuses")} AS loan_status,
  {_named("amount_bucket", "amount_buckets")} AS amount_buckets,
  'NL' || chr((70 + entity)::INTEGER) AS company,
  {_named("loan_count", "loan_counts")} AS loan_counts,
  {_named("term_bucket", "term_buckets")} AS term_buckets,
  {_named("city", "states")} AS location_state_province
FROM page
"""

_SCHEDULES = f"""
SELECT {_LOAN_ID} AS loan_id, {_day("due_on")} AS date_due, {_money("principal", "interest")},
  '0.0' AS other, {_money("fees", "to_tax")}, '0.0' AS add_balance, '0.0' AS reduce_balance,
  {_named("currency", "currencies")} AS currency
FROM page
"""

_TRANSACTIONS = f"""
SELECT {_LOAN_ID} AS loan_id, CASE kind WHEN 0 THEN 'DISBURSEMENT' ELSE 'PAYMENT' END
    AS transaction_type,
  {_day("paid_on")} AS date_paid, {_money("principal", "interest", "other", "fees", "to_tax")},
  '0.0' AS add_balance, '0.0' AS reduce_balance, {_named("currency", "currencies")} AS currency
FROM page
"""

_CUSTOMERS = f"""
SELECT {_CUSTOMER_ID} AS customer_id, {_named("kind", "kinds")} AS customer_type,
  '0.0' AS income, {_named("currency", "currencies")} AS currency, NULL AS gender,
  NULL AS birth_date, {_named("channel", "channels")} AS channel_type, '0' AS dependents,
  {_named("city", "cities")} AS geography_city, {_named("city", "states")} AS geography_state,
  'GTM' AS geography_country
FROM page
"""

_COLLATERALS = f"""
SELECT {_LOAN_ID} AS loan_id, 'GAR-' || borrower || '-' || number AS collateral_id,
  {_named("asset", "assets")} AS asset_type, {_money("purchase_value", "appraisal_value")},
  {_day("purchased_on")} AS purchase_date, {_day("appraised_on")} AS appraisal_date,
  {_named("currency", "currencies")} AS currency
FROM page
"""

# Each balance is turned into text once and shown in up to five columns.
_PAR = f"""
SELECT loan_id AS loan_id_raw, reporting_date, dpd,
  CASE WHEN dpd > 0 THEN {_day("due_on")} END AS dpd_date,
  CASE WHEN gone THEN 'true' ELSE 'false' END AS is_writeoff,
  CASE WHEN gone THEN 'DPD' END AS writeoff_type, loan_ccy,
  CASE WHEN gone THEN '0.0' ELSE own END AS outstanding_balance,
  CASE WHEN gone THEN own ELSE '0.0' END AS writeoff_outstanding_balance, xchg_rate_to_usd,
  CASE WHEN gone THEN '0.0' ELSE usd END AS outstanding_balance_usd,
  CASE WHEN gone THEN usd ELSE '0.0' END AS writeoff_outstanding_balance_usd,
  CASE WHEN dpd >= 7 AND NOT gone THEN usd ELSE '0.0' END AS PAR_7_balance_usd,
  CASE WHEN dpd >= 30 AND NOT gone THEN usd ELSE '0.0' END AS PAR_30_balance_usd,
  CASE WHEN dpd >= 60 AND NOT gone THEN usd ELSE '0.0' END AS PAR_60_balance_usd,
  CASE WHEN dpd >= 90 AND NOT gone THEN usd ELSE '0.0' END AS PAR_90_balance_usd
FROM (
  SELECT {_LOAN_ID} AS loan_id, {_day("month_end")} AS reporting_date, dpd, due_on, gone,
    {_named("currency", "currencies")} AS loan_ccy,
    CASE WHEN rate = 10000 THEN '1' ELSE (rate / 1e4)::VARCHAR END AS xchg_rate_to_usd,
    (balance / 1e2)::VARCHAR AS own,
    CASE WHEN rate = 10000 THEN (balance / 1e2)::VARCHAR
      ELSE (balance * rate / 1e6)::VARCHAR END AS usd
  FROM page
)
"""

SELECTS = {
    "loans": _LOANS,
    "schedules": _SCHEDULES,
    "transactions": _TRANSACTIONS,
    "customers": _CUSTOMERS,
    "collaterals": _COLLATERALS,
    "loan_par_balances": _PAR,
}
