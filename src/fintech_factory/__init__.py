"""Fintech Factory: portfolio intelligence that a lender can defend."""

__version__ = "0.1.0"
