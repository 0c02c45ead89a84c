"""Random streams that depend on the seed and their place in the book, never on the machine."""

import numpy as np
import numpy.typing as npt

__all__ = ["Flags", "Floats", "Ints", "days_of", "month_of", "stream", "weighted"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def stream(seed: int, *place: int) -> np.random.Generator:
    """Give the stream of one place (table, chunk); streams of two places are independent."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=place)))


def weighted(dice: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw `size` positions of `weights`, each as likely as its weight."""
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, dice.random(size), side="right"), len(weights) - 1)


def month_of(days: Ints) -> Ints:
    """Give months since 1970-01 of days since 1970-01-01."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def days_of(months: Ints) -> Ints:
    """Give the first day (since 1970-01-01) of months since 1970-01."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
