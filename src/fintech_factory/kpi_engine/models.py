"""The SQL models that KPI expressions may read, with their columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "LOAN_DUE",
    "LOAN_LIFETIME",
    "LOAN_MONTH",
    "LOAN_ROLL",
    "LOAN_SNAPSHOT",
    "MODELS",
    "NOT_PROVIDED",
    "Column",
    "Kind",
    "Model",
]

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

    def __reduce__(self) -> tuple[Callable[[str], "Model"], tuple[str]]:
        """Travel to another process by name: there is one of each, and it is compared by `is`."""
        return _named, (self.name,)


def _named(name: str) -> Model:
    return MODELS[name]


_TEXT = Column(Kind.TEXT)
_DATE = Column(Kind.DATE)
_TRUTH = Column(Kind.BOOLEAN)
_MONEY = Column(Kind.NUMBER)
_COUNT = Column(Kind.NUMBER, whole_number=True)
_MONTH_MONEY = Column(Kind.NUMBER, month_flow=True)

# Whose loan it is and what kind: the same at every date, and in this order in every model.
_WHO: Mapping[str, Column] = {
    "loan_key": _COUNT,
    "loan_id": _TEXT,
    "borrower_id": _TEXT,
    "entity": _TEXT,
    "product": _TEXT,
    "borrower_segment": _TEXT,
    "state": _TEXT,
    "size_bucket": _TEXT,
    "term_bucket": _TEXT,
    "cohort_month": _DATE,
    "currency": _TEXT,
    "disbursed_on": _DATE,
}
_DIMENSIONS = ("entity", "product", "borrower_segment", "state")
_DESCRIBES = ("loan_id", "borrower_id", "entity", "product", "currency", "disbursed_on")


def _per_loan(name: str, columns: Mapping[str, Column], *describes: str) -> Model:
    return Model(
        name=name,
        row_key="loan_key",
        columns=MappingProxyType({"as_of": _DATE, **_WHO, **columns}),
        dimensions=_DIMENSIONS,
        describes=(*_DESCRIBES, *describes),
    )


LOAN_SNAPSHOT = _per_loan(
    "loan_snapshot",
    {
        "principal": _MONEY,
        "balance": _MONEY,
        "outstanding": _MONEY,
        "written_off": _MONEY,
        "dpd": _COUNT,
        "dpd_on": _DATE,
        "bucket": _TEXT,
        "is_written_off": _TRUTH,
        "cash_30d": _MONEY,
        "cash_month": _MONTH_MONEY,
        "interest_month": _MONTH_MONEY,
        "fees_month": _MONTH_MONEY,
        "due_month": _MONTH_MONEY,
        "due_to_date": _MONTH_MONEY,
        "disbursed_month": _MONTH_MONEY,
        "loans_disbursed_month": Column(Kind.NUMBER, whole_number=True, month_flow=True),
    },
    "dpd",
)
"""Loans that have a balance or have moved."""

LOAN_ROLL = _per_loan(
    "loan_roll",
    {
        # What became of the month's opening is known when the month has ended.
        "opening_balance": _MONTH_MONEY,
        "opening_outstanding": _MONTH_MONEY,
        "opening_dpd": _COUNT,
        "opening_bucket": _TEXT,
        "was_written_off": Column(Kind.BOOLEAN, month_flow=True),
        "balance": _MONEY,
        "outstanding": _MONEY,
        "dpd": _COUNT,
        "bucket": _TEXT,
        "is_written_off": _TRUTH,
        "outcome": _TEXT,
        "disbursed_month": _MONTH_MONEY,
        "principal_paid_month": _MONTH_MONEY,
        "cash_month": _MONTH_MONEY,
        "prepayable": _MONTH_MONEY,
        "prepaid": _MONTH_MONEY,
    },
    "opening_dpd",
    "dpd",
)
"""Loans that have a balance or had one at the last month-end before the month."""

LOAN_LIFETIME = _per_loan(
    "loan_lifetime",
    {
        "cohort_quarter": _DATE,
        "borrower_kind": _TEXT,
        "term_days": _COUNT,
        "principal": _MONEY,
        "cost": _MONEY,
        "annual_cost": _MONEY,
        "principal_days": _MONEY,
        "months_on_book": _COUNT,
        # 0: disbursed in the last full month; -1: in the month in progress.
        "full_months_ago": _COUNT,
        "disbursed_this_month": Column(Kind.BOOLEAN, month_flow=True),
        "balance": _MONEY,
        "outstanding": _MONEY,
        "dpd": _COUNT,
        "is_written_off": _TRUTH,
    },
    "months_on_book",
)
"""Every loan from its disbursement on, repaid ones included."""

LOAN_DUE = _per_loan("loan_due", {"due_to_date": _MONTH_MONEY, "paid_due": _MONTH_MONEY})
"""Loans of which an instalment has fallen due in the month so far."""

LOAN_MONTH = _per_loan(
    "loan_month",
    {
        "months_before": _COUNT,
        "month_as_of": _DATE,
        "outstanding": _MONEY,
        "is_active": _TRUTH,
        "disbursed_month": _MONEY,
        "loans_disbursed_month": _COUNT,
    },
    "months_before",
)
"""Loans owed or disbursed in the last full month or in the one 1, 3 or 12 months before it.

The month in progress takes no part, so that nothing in it is a month's flow.
"""

MODELS: Mapping[str, Model] = MappingProxyType(
    {model.name: model for model in (LOAN_SNAPSHOT, LOAN_ROLL, LOAN_LIFETIME, LOAN_DUE, LOAN_MONTH)}
)
