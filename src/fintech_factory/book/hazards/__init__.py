"""Faults planted into a synthetic book, each with its answer."""
