"""Facilities: what lenders have agreed to lend on, and how the book stands to it."""
