"""`factory book`: make a synthetic loan book."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, pass_call

if TYPE_CHECKING:
    from fintech_factory.book import BookManifest

__all__ = ["command"]

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("book")
def command() -> None:
    """Generate a synthetic loan book in the export format."""


@command.command("generate")
@click.option("--loans", type=int, metavar="N", required=True, help="How many loans.")
@click.option(
    "--months", type=int, metavar="M", required=True, help="How many calendar months, to --until."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same files.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", required=True, help="A new folder."
)
@click.option(
    "--instalments",
    default="1..60",
    show_default=True,
    metavar="RANGE",
    help="Instalments of a loan: 12 is up to twelve, 1 bullet loans only, 3..12 a range.",
)
@click.option("--entities", type=int, default=2, show_default=True, help="Lending companies.")
@click.option(
    "--currencies", default="USD", show_default=True, metavar="LIST", help="Such as USD,EUR,GTQ."
)
@click.option(
    "--hazards",
    is_flag=True,
    help="Plant every known fault; answers in hazards.json. From 4000 loans up, bad rows stay"
    " below 1 % of each file.",
)
@click.option(
    "--until",
    type=_DAY,
    default="2025-12-10",
    show_default=True,
    help="The last day on which the book speaks (data-through).",
)
@pass_call
def generate(  # noqa: PLR0913 - one parameter an option, as click hands them over
    call: Call,
    *,
    loans: int,
    months: int,
    seed: int,
    out: Path,
    instalments: str,
    entities: int,
    currencies: str,
    hazards: bool,
    until: datetime,
) -> None:
    """Write a synthetic book as a Cascade export: nobody ever borrowed any of it.

    The same options give the same files, byte for byte.
    """
    from fintech_factory import book

    plan = book.BookPlan(
        loans=loans,
        months=months,
        seed=seed,
        instalments=book.parse_instalments(instalments),
        entities=entities,
        currencies=tuple(code.strip().upper() for code in currencies.split(",")),
        hazards=hazards,
        until=until.date(),
    )
    with output.progress("loans", plan.loans, quiet=call.quiet) as advance:
        manifest = book.generate(plan, out, advance)
    if call.json:
        output.emit_json(manifest)
    else:
        _show(call, manifest, out)


def _show(call: Call, manifest: "BookManifest", out: Path) -> None:
    top = [file for file in manifest.files if "/" not in file.name]
    output.print_table(
        ("file", "rows", "bytes"), [(file.name, file.rows, file.size_bytes) for file in top]
    )
    output.say(f"book of {manifest.loans} loans through {manifest.data_through} in {out}")
    if manifest.hazards:
        output.say(f"{manifest.hazards} hazards planted; the answers are in hazards.json")
    output.note(f"next: factory ingest cascade {out}", quiet=call.quiet)
