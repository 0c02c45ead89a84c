"""Makes what a page's commands find in their folder."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from fintech_factory.cli import main

__all__ = ["furnish"]


def furnish(folder: Path, needs: Iterable[str]) -> None:
    """Make each thing that a page asks for."""
    with chdir(folder):
        for name in needs:
            _MAKERS[name]()


def _factory(*arguments: str, codes: tuple[int, ...] = (0,)) -> None:
    result = CliRunner().invoke(main, list(arguments))
    if result.exit_code not in codes:
        raise RuntimeError(f"factory {' '.join(arguments)}: {result.output}")


def _export() -> None:
    """Put a plain export in `export/`."""
    _factory(
        *["book", "generate", "--loans", "300", "--months", "18", "--seed", "7", "--out", "export"]
    )


def _faulty_export() -> None:
    """Put an export with two bad rows in `export/`."""
    _export()
    payments = Path("export/transactions.csv")
    lines = payments.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    late, twice = lines[-1].split(","), lines[-2]
    late[header.index("date_paid")] = "2031-01-01"
    payments.write_text("\n".join([*lines, ",".join(late), twice, ""]), encoding="utf-8")


def _ambiguous_export() -> None:
    """Put an export in `export/` whose collateral dates could be day or month first."""
    _export()
    path = Path("export/collaterals.csv")
    header, *rows = (line.split(",") for line in path.read_text(encoding="utf-8").splitlines())
    dates = [header.index("purchase_date"), header.index("appraisal_date")]
    for row in rows:
        for place in dates:
            year, month, day = row[place].split("-")
            row[place] = f"{int(day) % 12 + 1:02}/{month}/{year}"
    path.write_text("\n".join(",".join(row) for row in [header, *rows]), encoding="utf-8")


def _unrated_export() -> None:
    """Put an export in two currencies in `export/`, without the file that brings their rates."""
    _factory(
        *[
            "book",
            "generate",
            "--loans",
            "200",
            "--months",
            "12",
            "--seed",
            "3",
            "--currencies",
            "USD,MXN",
            "--out",
            "export",
        ]
    )
    Path("export/loan_par_balances.csv").unlink()


def _lender() -> None:
    """Make `lender/`, a workspace in which an export's month-ends are published."""
    _factory("init", "lender")
    _export()
    _factory(*["ingest", "cascade", "export", "--workspace", "lender"])
    _factory(*["run", "--month-ends", "--workspace", "lender"], codes=(0, 3))
    shutil.rmtree("export")


def _workspace() -> None:
    """Make `lender/`, a workspace with nothing in it."""
    _factory("init", "lender")


_MAKERS: Mapping[str, Callable[[], None]] = {
    "export": _export,
    "faulty export": _faulty_export,
    "ambiguous export": _ambiguous_export,
    "unrated export": _unrated_export,
    "lender": _lender,
    "workspace": _workspace,
}
