"""A book worked by hand, published once, and the reference tape, published once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fintech_factory.cli import main
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book, book

DAY = "2025-06-30"


def call(root: Path, *arguments: str) -> str:
    """Run `factory … --workspace ROOT`; give what it printed."""
    result = CliRunner().invoke(main, [*arguments, "--workspace", str(root)])
    assert result.exit_code in {0, 3}, result.output
    return result.stdout


@pytest.fixture(scope="session")
def factory() -> Callable[..., str]:
    return call


@pytest.fixture(scope="session")
def document() -> Callable[..., Any]:
    return lambda root, *arguments: json.loads(call(root, *arguments, "--json"))


@pytest.fixture(scope="session")
def worked_book() -> Book:
    """Twelve loans on 30 June 2025, worked by hand; written off past day 180, one peso 0.05.

    ```
         entity product     who   principal  due               paid                  left  dpd
    L1   North  factoring   Ana       1,000  30 Jun (+50)      -                    1,000    0
    L2   North  factoring   Ana         500  29 Jun            -                      500    1
    L3   North  credit line Beto        600  30 Apr, 31 May,   200+20 on 30 Apr       200    0
                                             30 Jun (200+20)   200+20 on 31 May
    L4   North  credit line Beto        600  31 May, 31 Jul    100 on 5 Jun           500   30
    L5   South  factoring   Caro        800  1 Apr             -                      800   90
    L6   South  factoring   Caro        700  31 Mar            -                      700   91
    L7   South  factoring   Dani        400  1 Jan             -                      400  180
    L8   South  factoring   Dani        300  31 Dec 2024       -                (off) 300  181
    L9   South  credit line Elsa        900  15 May, 15 Jul    400+95 on 1 Jun: all   500    0
                                             (450+45)          the cash of the first
    L10  North  factoring   Fito        250  10 Jul            - (disbursed 10 Jun)   250    0
    L11  North  factoring   Fito        150  10 Jun (+15)      150+15 on 10 Jun         0    0
    L12  South  factoring   Gaby  MXN 10,000 23 Jun            -                      500    7
    ```

    outstanding 1,000+500+200+500+800+700+400+500+250+500       = 5,350; with L8 5,650
    PAR 1: L2 L4 L5 L6 L7 L12 = 3,400 = 63.55   7: less L2 = 2,900 = 54.21
    PAR 30: less L12 = 2,400 = 44.86   60: less L4 = 1,900 = 35.51   90, source's rule: 35.51
    PAR 90: L6 L7 = 1,100 = 20.56   with write-offs 1,400 / 5,650 = 24.78   180: 300 / 5,650 = 5.31
    cash of 30 days and of June: 100 + 495 + 165 = 760 (31 May is out)      = 14.21 of 5,350
    due in June 1,050 + 500 + 220 + 165 + 500 = 2,435                       = 31.21 collected
    health (100 - 20.5607) * 0.6 + 14.2056 * 0.4 = 47.6636 + 5.6822         = 53.35
    largest borrower: Ana 1,500 (so has Caro) = 28.04; seven borrowers: top ten 100

    RDR 90: L5 L6 L7 L8 = 2,200 of 6,700 disbursed; six months on book: L7 L8 = 700 of 700
    31 May: 5,800 of L1-L9, less 200 + 200 of L3, with L11 and L12 = 6,050, nothing written off
      late then: L5 (60) L6 (61) L7 (150) L8 (151) L9 (16) = 3,100; L9 is cured, L8 written off
    of it due after June: 300 of L4, 450 of L9, of which nothing came early
    31 March: L1 to L9 = 5,800 of five borrowers   May: 150 + 500 disbursed, June 250
    paid of June's instalments: L11's 165 (L3's cash is of April and May)   interest 95 + 15
    HHI: 1,500² + 700² + 1,500² + 400² + 500² + 250² + 500² = 5,712,500 of 5,350²

    The source leaves L2 out, knows an L99, puts L7 among its write-offs at day 180, counts L9
    late for 46 days (by principal alone), has L10 a cent higher and a cent of dust left of L11.
    """
    return (
        book()
        .rate("MXN", "2025-01-01", "0.05")
        .loan(1000, borrower="Ana", instalments=[(DAY, 1000, 50)])
        .loan(500, borrower="Ana", instalments=[("2025-06-29", 500)])
        .loan(600, borrower="Beto", product="credit line",
              instalments=[("2025-04-30", 200, 20), ("2025-05-31", 200, 20), (DAY, 200, 20)],
              payments=[("2025-04-30", 200, 20), ("2025-05-31", 200, 20)])
        .loan(600, borrower="Beto", product="credit line",
              instalments=[("2025-05-31", 300), ("2025-07-31", 300)],
              payments=[("2025-06-05", 100)])
        .loan(800, borrower="Caro", entity="South", instalments=[("2025-04-01", 800)])
        .loan(700, borrower="Caro", entity="South", instalments=[("2025-03-31", 700)])
        .loan(400, borrower="Dani", entity="South", disbursed="2024-12-02",
              instalments=[("2025-01-01", 400)])
        .loan(300, borrower="Dani", entity="South", disbursed="2024-12-02",
              instalments=[("2024-12-31", 300)])
        .loan(900, borrower="Elsa", entity="South", product="credit line",
              instalments=[("2025-05-15", 450, 45), ("2025-07-15", 450, 45)],
              payments=[("2025-06-01", 400, 95)])
        .loan(250, borrower="Fito", disbursed="2025-06-10", instalments=[("2025-07-10", 250)])
        .loan(150, borrower="Fito", disbursed="2025-05-10",
              instalments=[("2025-06-10", 150, 15)], payments=[("2025-06-10", 150, 15)])
        .loan(10_000, borrower="Gaby", entity="South", currency="MXN", disbursed="2025-05-24",
              instalments=[("2025-06-23", 10_000)])
        .source_says("L1", DAY, 1000)
        .source_says("L3", DAY, 200)
        .source_says("L4", DAY, 500, dpd=30)
        .source_says("L5", DAY, 800, dpd=90)
        .source_says("L6", DAY, 700, dpd=91)
        .source_says("L7", DAY, 400, dpd=180, is_writeoff=True)
        .source_says("L8", DAY, 300, dpd=181, is_writeoff=True)
        .source_says("L9", DAY, 500, dpd=46)
        .source_says("L10", DAY, "250.01")
        .source_says("L11", DAY, "0.01")
        .source_says("L12", DAY, 10_000, dpd=7, currency="MXN", rate="0.05")
        .source_says("L99", DAY, 75)
        .ending(DAY)
    )  # fmt: skip


@pytest.fixture(scope="session")
def worked(
    worked_book: Book, empty_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The book's workspace, published: read it, never write."""
    root = tmp_path_factory.mktemp("worked") / "workspace"
    shutil.copytree(empty_workspace, root)
    worked_book.land(Workspace(root).raw("cascade"))
    call(root, "run")
    return root


@pytest.fixture(scope="session")
def tape_workspace(
    tape: Path, empty_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tape through ingestion and a run of every month-end: read it, never write."""
    root = tmp_path_factory.mktemp("tape") / "workspace"
    shutil.copytree(empty_workspace, root)
    call(root, "ingest", "cascade", str(tape))
    call(root, "run", "--month-ends")
    return root
