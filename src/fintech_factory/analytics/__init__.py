"""Loan mathematics that SQL cannot hold. Pure: numbers in, numbers out."""
