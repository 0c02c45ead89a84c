"""A book of seven loans on 31 March 2025, whose expected cash and loss a person can compute.

    A  1,000 of 10 Jan, due 20 Feb (+50)   pays 1,050 on its day
    B  1,000 of 10 Jan, due 15 Feb         13 days late in Feb, 44 in March; pays 600 + 60 on 10 Mar
    C    500 of  5 Feb, due 25 Mar (+25)   pays 525 on its day
    D    500 of  5 Feb, due 20 Mar         pays nothing: 11 days late
    E  1,000 of  5 Feb, due 30 Apr (+50)   pays 200 ahead on 12 Mar
    F    600 of 10 Mar, due 20 Apr (+30)
    G    300 of 10 Mar, due 10 Jun (+30)

What became of instalments in the two full months that began with a balance, February and March:

    due    A 1,000 paid, B 1,000 late, C 500 paid, D 500 late      3,000: half paid, half to 1-30
    later  E 1,000: 200 paid                                       a fifth paid ahead
    1-30   B 1,000: 600 paid, 400 to 31-60                         six in ten paid
    31-60  nobody began a month there                              nothing is assumed

Beside principal: of loans not late 50 + 25 on 1,000 + 500 + 200 (0.04411765); of 1-30 60 on 600.

Open on 31 March: overdue B 400 and D 500; to come F 600 in 20 days, E 800 in 30, G 300 in 71.
"""

from fintech_factory.testing import Book, book

AS_OF = "2025-03-31"


def seven_loans() -> Book:
    """Give the book."""
    return (
        book()
        .loan(1000, loan_id="A", disbursed="2025-01-10", instalments=[("2025-02-20", 1000, 50)],
              payments=[("2025-02-20", 1000, 50)])
        .loan(1000, loan_id="B", disbursed="2025-01-10", instalments=[("2025-02-15", 1000)],
              payments=[("2025-03-10", 600, 60)])
        .loan(500, loan_id="C", disbursed="2025-02-05", instalments=[("2025-03-25", 500, 25)],
              payments=[("2025-03-25", 500, 25)])
        .loan(500, loan_id="D", disbursed="2025-02-05", instalments=[("2025-03-20", 500)])
        .loan(1000, loan_id="E", disbursed="2025-02-05", instalments=[("2025-04-30", 1000, 50)],
              payments=[("2025-03-12", 200)])
        .loan(600, loan_id="F", disbursed="2025-03-10", instalments=[("2025-04-20", 600, 30)])
        .loan(300, loan_id="G", disbursed="2025-03-10", instalments=[("2025-06-10", 300, 30)])
        .ending(AS_OF)
    )  # fmt: skip
