"""Random small books at the edges of the ledger's rules, and the ledgers made of them."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st

from fintech_factory.testing import Book, Ledger, book, make_ledger

Row = Mapping[str, Any]
FIRST = date(2024, 12, 20)
# Where money is paid, the ledger's edges are: whole, half, and half a cent more or less.
PRINCIPALS = [Decimal(text) for text in ("100", "50", "99.995", "99.994", "100.005", "0", "0.003")]
CHARGES = [Decimal(text) for text in ("0", "10", "-5", "9.995", "60")]

INSTALMENT = st.tuples(st.integers(0, 150), st.sampled_from(PRINCIPALS), st.sampled_from(CHARGES))
PAYMENT = st.tuples(st.integers(0, 320), st.sampled_from(PRINCIPALS), st.sampled_from(CHARGES))
LOAN = st.fixed_dictionaries(
    {
        "opened": st.integers(0, 50),
        "instalments": st.lists(INSTALMENT, min_size=1, max_size=5),
        "payments": st.lists(PAYMENT, max_size=5),
        "entity": st.sampled_from(["North", "South", None]),
        "product": st.sampled_from(["factoring", "credit line"]),
        "borrower": st.sampled_from(["B1", "B2", "B3"]),
        "term": st.sampled_from([None, -3, 0, 7, 45, 400]),
        "cost": st.tuples(*[st.sampled_from([None, Decimal("7.77"), Decimal(-2)])] * 2),
        "state": st.sampled_from(["San Salvador", "SAN SALVADOR", "san salvador ", "n/a", None]),
    }
)
LOANS = st.lists(LOAN, min_size=4, max_size=12)
# Ends of months, days within them, the day the data end, and labels after it.
DAYS = st.lists(
    st.sampled_from([0, 11, 12, 25, 42, 70, 71, 99, 130, 190, 240, 290, 300, 305, 310]),
    min_size=2,
    max_size=4,
    unique=True,
)
ENDS = FIRST + timedelta(days=300)
# A ledger costs the same for one loan as for ten: few examples, each of many loans. Shrinking
# would cost minutes and save little reading.
BRUTE = settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
LIGHT = settings(BRUTE, max_examples=4)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def a_book(loans: Sequence[dict[str, Any]], currencies: Sequence[str] = ("USD",)) -> Book:
    """Make a book of drawn loans; what is paid is cut to what was disbursed, and to the data."""
    made = book().rate("MXN", FIRST, "0.05312347").ending(ENDS)
    for place, loan in enumerate(loans):
        opened = day(loan["opened"])
        principal = max(sum(each[1] for each in loan["instalments"]), Decimal(1))
        left, payments = principal, []
        for after, part, charge in sorted(loan["payments"]):
            on = opened + timedelta(days=after)
            if on <= ENDS:
                affordable = min(part, left)
                left -= affordable
                payments.append((on, affordable, charge))
        made = made.loan(
            principal,
            disbursed=opened,
            instalments=[
                (opened + timedelta(days=after), part, charge)
                for after, part, charge in loan["instalments"]
            ],
            payments=payments,
            entity=loan["entity"],
            product=loan["product"],
            borrower=loan["borrower"],
            currency=currencies[place % len(currencies)],
            interest=loan["cost"][0],
            fees=loan["cost"][1],
            state=loan["state"],
            **({} if loan["term"] is None else {"matures": opened + timedelta(loan["term"])}),
        )
    return made


@contextmanager
def a_ledger(of: Book, days: Sequence[date]) -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as folder, make_ledger(of, days, Path(folder)) as ledger:
        yield ledger
