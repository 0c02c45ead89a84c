"""`factory ingest`: bring an export in."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, by_option, exit_with_findings, pass_call
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.ingestion.landing.land import Arrival, Landing, Place
    from fintech_factory.ingestion.sources.statements import StatementBatch

__all__ = ["command", "landing_as_json", "print_landing"]

_REFUSED = 1


@click.group("ingest")
def command() -> None:
    """Bring an export in: contract checked, raw kept, bad rows set aside."""


@command.command("cascade")
@click.argument("sources", metavar="PATH...", nargs=-1, required=True)
@as_of_option("The day the export speaks of; else the last day of its data.")
@click.option(
    "--accept-shrink", is_flag=True, help="Land it though half the rows of a table are gone."
)
@by_option
@pass_call
def cascade(
    call: Call, *, sources: tuple[str, ...], as_of: date | None, accept_shrink: bool, by: str
) -> None:
    """Land a Cascade export: a folder, a ZIP, CSV or XLSX files, or an https address.

    The same content again changes nothing. Exit 1 if the export is refused (the last good one
    stays), 3 if it landed and rows were set aside.
    """
    from fintech_factory.ingestion.landing.land import Arrival, Place

    factory = call.factory(by)
    with _fetched(sources, Place.of(factory.workspace)) as paths:
        arrival = Arrival(paths, as_of, accept_shrink)
        with output.progress("landing", _size(arrival), quiet=call.quiet) as advance:
            landing = factory.ingest(arrival, lambda _table, size: advance(size))
    if call.json:
        output.emit_json(landing_as_json(landing))
    else:
        print_landing(landing)
    if landing.status == "refused":
        raise click.exceptions.Exit(_REFUSED)
    if landing.status == "landed" and (landing.quarantined or landing.is_critical):
        exit_with_findings()


@command.command("statements")
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("--template", "as_template", is_flag=True, help="Print the CSV to fill in.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --template: write it there.",
)
@by_option
@pass_call
def statements(
    call: Call, *, path: Path | None, as_template: bool, out: Path | None, by: str
) -> None:
    """Land financial statements from a CSV made by the template.

    The same content again changes nothing. Exit 1 if the file is refused (what landed before
    stays), 3 if it landed and rows were set aside.
    """
    if as_template == (path is not None):
        raise UsageError(
            "give the file of statements, or --template", hint="factory ingest statements PATH"
        )
    if path is None:
        _print_template(out)
        return
    if out is not None:
        raise UsageError("--out goes with --template", where="--out")

    landed = call.factory(by).facilities.ingest_statements(path)
    if call.json:
        output.emit_json(landed.as_json())
    else:
        _print_statements(landed)
    if landed.status == "landed" and landed.set_aside:
        exit_with_findings()


def _print_template(out: Path | None) -> None:
    from fintech_factory.ingestion.sources.statements import template

    if out is None:
        output.say(template().rstrip("\n"))
    else:
        out.write_text(template(), encoding="utf-8")
        output.say(f"written: {out}")


def _print_statements(landed: "StatementBatch") -> None:
    output.print_table(
        ["period_end", "months", "currency", "net_income", "equity"],
        [
            [each.period_end, each.months, each.currency, *map(each.lines.get, _SHOWN_LINES)]
            for each in landed.statements
        ],
    )
    for each in landed.set_aside:
        output.say(f"line {each.line} set aside: {'; '.join(each.reasons)}")
    output.say(f"{landed.status}: {landed.batch_id}")


_SHOWN_LINES = ("net_income", "equity")


def _fetched(sources: tuple[str, ...], place: "Place") -> Any:  # noqa: ANN401 - a context manager
    from contextlib import nullcontext

    if len(sources) == 1 and sources[0].startswith(("https://", "http://")):
        from fintech_factory.ingestion.landing.fetch import fetched

        return fetched(sources[0], place)
    return nullcontext(tuple(Path(each) for each in sources))


def _size(arrival: "Arrival") -> int | None:
    files = [each for each in arrival.sources if each.is_file()]
    folders = [each for each in arrival.sources if each.is_dir()]
    files += [inside for each in folders for inside in each.glob("*.csv")]
    return sum(each.stat().st_size for each in files) or None


def landing_as_json(landing: "Landing") -> dict[str, Any]:
    """Give the document that `factory ingest cascade --json` prints."""
    return {
        "batch_id": landing.batch_id,
        "as_of": landing.as_of,
        "data_through": landing.data_through,
        "files": [
            {
                "table": each.table,
                "rows": each.rows,
                "quarantined": each.quarantined,
                "sha256": each.sha256,
            }
            for each in landing.files
        ],
        "status": landing.status,
        "findings": [each.as_json() for each in landing.findings],
    }


def print_landing(landing: "Landing") -> None:
    """Print what became of each file, then what was found, the gravest first."""
    output.print_table(
        ["table", "file", "rows", "landed", "set aside"],
        [
            [each.table, each.file or "-", each.rows, each.landed, each.quarantined]
            for each in landing.files
        ],
    )
    gravest = ("critical", "warning", "info")
    for finding in sorted(landing.findings, key=lambda each: gravest.index(each.severity.value)):
        where = f"{finding.where}: " if finding.where else ""
        output.say(f"{finding.severity.value}: {finding.code}: {where}{finding.message}")
        if finding.hint and finding.severity.value == "critical":
            output.say(f"  hint: {finding.hint}")
    output.say(
        f"{landing.status}: {landing.batch_id}, as of {output.cell(landing.as_of)},"
        f" data through {output.cell(landing.data_through)}"
    )
    if landing.quarantined:
        output.say(f"rows set aside, with their reasons: {landing.folder / 'quarantine.parquet'}")
