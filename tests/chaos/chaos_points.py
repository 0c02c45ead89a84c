"""The points between a reading and its receipt at which a test may end the process."""

__all__ = ["DOUBTFUL", "POINTS"]

_BEGUN = ("delivery.begun", "delivery.answered", "delivery.sent", "delivery.in_transaction")
DOUBTFUL = (*_BEGUN, "delivery.recorded")
"""An attempt has begun and its outcome is not kept: nobody knows whether the provider has it.

Where one outcome has just been kept, others that are sent beside it are in doubt.
"""

POINTS = (
    ("run.before_seal", 1),
    ("run.sealed", 1),
    ("run.in_transaction", 1),
    ("run.committed", 1),
    ("run.pointed", 1),
    ("delivery.leased", 1),
    *((point, nth) for point in _BEGUN for nth in (1, 2)),
    ("delivery.recorded", 1),
)
"""Each with how often it is come to before the end."""
