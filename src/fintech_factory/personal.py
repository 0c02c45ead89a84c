"""Which columns and words speak of a person or a loan, and how they are masked."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["is_personal", "masked", "masked_text", "personal_columns"]

_MASK = "***"

# A column of exactly this name, or one that ends in it after an underscore.
_PERSONAL = (
    "loan_id",
    "loan_id_raw",
    "loan",
    "borrower",
    "borrower_id",
    "borrower_name",
    "customer",
    "customer_id",
    "customer_name",
    "obligor",
    "debtor",
    "phone",
    "mobile",
    "email",
    "mail",
    "address",
    "tax_id",
    "rfc",
    "curp",
)
_COLUMN = re.compile(rf"(?:.*_)?(?:{'|'.join(_PERSONAL)})")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# E.164 writes up to 15 digits; people put spaces, dots, dashes and brackets between them.
_PHONE = re.compile(r"(?<![\w.,-])\+\d[\d ().-]{6,18}\d(?![\w-])|(?<![\w.,-])\d{10,15}(?![\w.,-])")
# Ids of loans and borrowers: capitals, then digits, whatever stands between.
_ID = re.compile(r"\b[A-Z]{2,}(?:[-_/ ]{1,3}[A-Z]+)*[-_/ ]{0,3}\d{3,}\w*(?:-\d+)*\b")


def is_personal(column: str) -> bool:
    """Tell whether a column, or a key of a document, holds what names a person or a loan."""
    return _COLUMN.fullmatch(column.casefold()) is not None


def personal_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Give those columns that hold what names a person or a loan."""
    return tuple(column for column in columns if is_personal(column))


def masked(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Mask a document: whatever stands under a personal key, and the words of every text."""
    match value:
        case str():
            return masked_text(value)
        case Mapping():
            return {
                key: _hidden(each) if is_personal(str(key)) else masked(each)
                for key, each in value.items()
            }
        case list() | tuple():
            return [masked(each) for each in value]
    return value


def masked_text(text: str) -> str:
    """Mask mail addresses, phone numbers and ids of loans and borrowers within a text.

    A name that a person typed cannot be told from any other word, and stays.
    """
    for pattern in (_MAIL, _ID, _PHONE):
        text = pattern.sub(_MASK, text)
    return text


def _hidden(value: object) -> object:
    return value if value is None or isinstance(value, bool) else _MASK
