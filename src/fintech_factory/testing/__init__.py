"""Builders and fakes for tests: a tiny book landed by hand, and the ledger made of it."""

from fintech_factory.testing.book import LANDED, RULES, Book, LoanTerms, SourceFigures, book
from fintech_factory.testing.ledger import Ledger, default_models, make_ledger, make_workspace

__all__ = [
    "LANDED",
    "RULES",
    "Book",
    "Ledger",
    "LoanTerms",
    "SourceFigures",
    "book",
    "default_models",
    "make_ledger",
    "make_workspace",
]
