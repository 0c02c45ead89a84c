"""The export's own data dictionary, as unreliable as such dictionaries are."""

__all__ = ["ABSENT_VARIABLES", "DICTIONARY"]

# (sheet, variable, description). The last rows describe columns that the files do not have,
# and `Loans,lender` stands twice: a dictionary is checked against the files, never trusted.
DICTIONARY: tuple[tuple[str, str, str], ...] = (
    ("Loans", "loan_id", "Identifier of the loan in the lending system"),
    ("Loans", "customer_id", "Identifier of the borrower, one for all of the borrower's loans"),
    ("Loans", "disburse_date", "Day on which the money left the lender"),
    ("Loans", "maturity_date", "Last due date agreed at signing"),
    ("Loans", "disburse_principal", "Principal handed over, in the loan's currency"),
    ("Loans", "interest_rate", "All-in yearly rate: interest and fees on principal over the term"),
    ("Loans", "term", "Days from disbursement to maturity"),
    ("Loans", "frequency", "How often an instalment falls due"),
    ("Loans", "currency", "Currency of every amount of the loan"),
    ("Loans", "dpd", "Days past due on the day of the export"),
    ("Loans", "loan_status", "Complete, Current or, once any day past due, Default"),
    ("Loans", "loan_grade", "Internal grade, where one was given"),
    ("Loans", "lender", "Who funds the loan"),
    ("Loans", "lender", "Who funds the loan"),
    ("Loans", "product_type", "Product under which the loan was made"),
    ("Customers", "customer_id", "Identifier of the borrower"),
    ("Customers", "customer_type", "Company, person or cooperative"),
    ("Customers", "income", "Declared yearly income, if it was asked for"),
    ("Customers", "channel_type", "How the borrower found the lender"),
    ("Customers", "geography_state", "Department in which the borrower lives, as typed"),
    ("Schedules", "loan_id", "Loan that the instalment belongs to"),
    ("Schedules", "date_due", "Day on which the instalment falls due, after any restructuring"),
    ("Schedules", "principal", "Principal due on that day"),
    ("Schedules", "interest", "Interest due on that day"),
    ("Schedules", "fees", "Fees due on that day"),
    ("Payments", "loan_id", "Loan that was paid"),
    ("Payments", "date_paid", "Day on which the money arrived"),
    ("Payments", "interest", "Interest paid; negative where some was given back"),
    ("Payments", "other", "Penalties and anything else that was paid"),
    ("Collaterals", "loan_id", "Loan that is secured"),
    ("Collaterals", "appraisal_value", "Value by the last appraisal"),
    ("Loans", "principal_left", "Principal that is still owed"),
    ("Loans", "upfront_fee", "Fee kept back at disbursement"),
    ("Schedules", "discount", "Reduction granted for paying early"),
    ("Payments", "settled_principal", "Principal that was paid"),
)

ABSENT_VARIABLES = frozenset({"principal_left", "upfront_fee", "discount", "settled_principal"})
