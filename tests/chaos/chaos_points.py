"""The points between a reading and its receipt at which a test may end the process."""

__all__ = ["DOUBTFUL", "POINTS"]

DOUBTFUL = ("delivery.begun", "delivery.answered", "delivery.sent", "delivery.in_transaction")
"""The attempt has begun and its outcome is not kept: nobody knows whether the provider has it."""

POINTS = (
    ("run.before_seal", 1),
    ("run.sealed", 1),
    ("run.in_transaction", 1),
    ("run.committed", 1),
    ("run.pointed", 1),
    ("delivery.leased", 1),
    *((point, nth) for point in DOUBTFUL for nth in (1, 2)),
    ("delivery.recorded", 1),
)
"""Each with how often it is come to before the end."""
