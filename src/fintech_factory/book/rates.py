"""Exchange rates of the synthetic book: invented, four decimals, one per currency and month."""

__all__ = ["RATE_SCALE", "USD_PER_UNIT"]

RATE_SCALE = 10_000

# US dollars for one unit, times RATE_SCALE, in the book's first month. Four decimals so that
# cents times rate has six, which is all that the export's money columns hold.
USD_PER_UNIT = {
    "USD": 10_000,
    "EUR": 10_840,
    "GBP": 12_610,
    "GTQ": 1_285,
    "HNL": 405,
    "MXN": 561,
    "PEN": 2_653,
    "BRL": 1_987,
    "DOP": 171,
    "NIO": 273,
}
