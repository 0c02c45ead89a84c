"""The SQL models that KPI expressions may read, with their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["LOAN_SNAPSHOT", "MODELS", "NOT_PROVIDED", "Column", "Kind", "Model"]

NOT_PROVIDED = "not provided"
"""The member that holds rows whose dimension is empty in the source."""


class Kind(StrEnum):
    """What a column or an expression holds."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a model; `month_flow` counts what happened in a calendar month."""

    kind: Kind
    whole_number: bool = False
    month_flow: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A table that KPIs are measured on: one row per `row_key` per `as_of`.

    `describes` are the columns that let a person recognise a row.
    """

    name: str
    row_key: str
    columns: Mapping[str, Column]
    dimensions: tuple[str, ...]
    describes: tuple[str, ...]


_TEXT = Column(Kind.TEXT)
_DATE = Column(Kind.DATE)
_MONEY = Column(Kind.NUMBER)
_COUNT = Column(Kind.NUMBER, whole_number=True)
_MONTH_MONEY = Column(Kind.NUMBER, month_flow=True)

LOAN_SNAPSHOT = Model(
    name="loan_snapshot",
    row_key="loan_key",
    columns=MappingProxyType(
        {
            "as_of": _DATE,
            "loan_key": _COUNT,
            "loan_id": _TEXT,
            "borrower_id": _TEXT,
            "entity": _TEXT,
            "product": _TEXT,
            "borrower_segment": _TEXT,
            "currency": _TEXT,
            "disbursed_on": _DATE,
            "principal": _MONEY,
            "balance": _MONEY,
            "outstanding": _MONEY,
            "written_off": _MONEY,
            "dpd": _COUNT,
            "dpd_on": _DATE,
            "bucket": _TEXT,
            "is_written_off": Column(Kind.BOOLEAN),
            "cash_30d": _MONEY,
            "cash_month": _MONTH_MONEY,
            "due_month": _MONTH_MONEY,
            "due_to_date": _MONTH_MONEY,
            "disbursed_month": _MONTH_MONEY,
            "loans_disbursed_month": Column(Kind.NUMBER, whole_number=True, month_flow=True),
        }
    ),
    dimensions=("entity", "product", "borrower_segment"),
    describes=("loan_id", "borrower_id", "entity", "product", "currency", "disbursed_on", "dpd"),
)

MODELS: Mapping[str, Model] = MappingProxyType({LOAN_SNAPSHOT.name: LOAN_SNAPSHOT})
