"""`factory views`: list, show and open the views of the book."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, as_of_option, pass_call
from fintech_factory.cli.shown import SHOWN_ROWS, print_shown, rounded
from fintech_factory.cli.stale import say_stale, with_stale
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.i18n import Language
    from fintech_factory.pipeline.view_facts import Loans
    from fintech_factory.views.table import Cells, Shown

    _Tables = Mapping[str, tuple[Sequence[str], Sequence[Cells]]]

__all__ = ["command"]

_AS_OF = "The date shown; else the last day of data. Computed if no run published it."

_language_option = click.option(
    "--language",
    type=click.Choice(["en", "es"]),
    default="en",
    help="The language of what people read; --json and --csv keep names and numbers.",
)
_csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV on stdout.")


@click.group("views")
def command() -> None:
    """List, show and open the views of the book."""


@command.command("list")
@_language_option
@pass_call
def list_views(call: Call, *, language: "Language") -> None:
    """List every view with its tables."""
    views = call.factory().views.catalogue.views.values()
    if call.json:
        listed = [
            {"view": each.name, "title": each.title(language), "tables": list(each.table_names)}
            for each in views
        ]
        output.emit_json({"views": listed})
        return
    from fintech_factory.i18n import words

    said = words(language)
    output.print_table(
        [said.say(name) for name in ("view", "title", "tables")],
        [[each.name, each.title(language), ", ".join(each.table_names)] for each in views],
    )


@command.command("show")
@click.argument("view")
@as_of_option(_AS_OF)
@click.option("--table", "only", metavar="TABLE", help="One table of the view alone.")
@click.option("--month-ends", is_flag=True, help="At every month-end of the published version.")
@click.option(
    "--against", metavar="BATCH", help="The export that restatement compares with; else the last."
)
@_csv_option
@_language_option
@pass_call
def show(  # noqa: PLR0913 - one parameter an option
    call: Call,
    *,
    view: str,
    as_of: date | None,
    only: str | None,
    month_ends: bool,
    against: str | None,
    as_csv: bool,
    language: "Language",
) -> None:
    """Show a view at one date, or at every month-end.

    A table that lacks a source is named with what it needs.
    """
    from fintech_factory.app.audit import Rows

    _one_form(call, as_csv=as_csv)
    if month_ends and as_of is not None:
        raise UsageError("--month-ends shows every date; leave --as-of out", where="--as-of")
    if against is not None and view != "restatement":
        raise UsageError("only restatement compares two exports", where="--against")
    factory = call.factory()
    views = factory.views
    known = views.catalogue.get(view)
    if only is not None:
        known.has_table(only)
    shown = views.month_ends(view) if month_ends else [views.show(view, as_of, against)]
    shown = [each.only(only) for each in shown] if only else shown
    factory.audit.shown(
        *(
            Rows(
                f"views show {view}/{table.name} at {each.on.as_of}", table.columns, len(table.rows)
            )
            for each in shown
            for table in each.tables
        )
    )
    if call.json:
        documents = [each.as_json() for each in shown]
        document = {"view": view, "dates": documents} if month_ends else documents[0]
        output.emit_json(with_stale(document, factory.validation.stale(as_of)))
    elif as_csv:
        _print_csv(_joined(shown))
    else:
        say_stale(factory.validation.stale(as_of))
        print_shown(shown, known.title(language), language)


@command.command("loans")
@click.argument("view")
@click.argument("table")
@as_of_option(_AS_OF)
@click.option(
    "--where",
    "where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="A cell of the row to open, empty for one without a value; may be repeated.",
)
@_csv_option
@pass_call
def loans(  # noqa: PLR0913 - one parameter an option
    call: Call, *, view: str, table: str, as_of: date | None, where: Sequence[str], as_csv: bool
) -> None:
    """Open a row of a table to the loans behind it."""
    from fintech_factory.app.audit import Rows

    _one_form(call, as_csv=as_csv)
    cells = dict(_cell(each) for each in where)
    factory = call.factory()
    found = factory.views.loans(view, table, as_of, cells)
    factory.audit.shown(Rows(f"views loans {view}/{table}", found.columns, len(found.rows)))
    if call.json:
        output.emit_json({"view": view, "table": table, "where": cells, "loans": list(found.rows)})
    elif as_csv:
        _print_csv({"": (found.columns, found.rows)})
    else:
        _print_loans(found)


@command.command("certificate")
@click.argument("facility")
@as_of_option("The date certified; else the last day of data.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there, as HTML if the name ends in .html, else as Markdown.",
)
@click.option("--draft", is_flag=True, help="Write it though a figure is unavailable, and mark it.")
@_language_option
@pass_call
def certificate(  # noqa: PLR0913 - one parameter an option
    call: Call,
    *,
    facility: str,
    as_of: date | None,
    out: Path | None,
    draft: bool,
    language: "Language",
) -> None:
    """Write a facility's compliance certificate, to be signed.

    It is refused while one of its figures is unavailable.
    """
    views = call.factory().views
    written = views.certificate(facility, as_of, draft=draft, language=language)
    as_html = out is not None and out.suffix.casefold() in {".html", ".htm"}
    text = written.as_html() if as_html else written.as_markdown()
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    if call.json:
        document = {"facility": facility, "title": written.title, "draft": draft, "out": out}
        output.emit_json(document | ({} if out else {"markdown": text}))
    elif out is None:
        output.say(text.rstrip("\n"))
    else:
        output.say(f"written: {out}")


def _one_form(call: Call, *, as_csv: bool) -> None:
    if as_csv and call.json:
        raise UsageError("--json and --csv are two forms of one output; give one", where="--csv")


def _cell(text: str) -> tuple[str, str]:
    column, given, value = text.partition("=")
    if not given:
        raise UsageError(
            f"'{text}' is no COLUMN=VALUE", where="--where", hint="--where bucket=1-30"
        )
    # What stands over an English table is its column's name with spaces.
    return column.strip().replace(" ", "_"), value.strip()


def _print_loans(found: "Loans") -> None:
    rows = [[rounded(row[name]) for name in found.columns] for row in found.rows[:SHOWN_ROWS]]
    output.print_table(
        found.columns, rows, title=f"{min(SHOWN_ROWS, len(found.rows))} of {len(found.rows)} loans"
    )


def _joined(shown: "Sequence[Shown]") -> "_Tables":
    """Put the rows of each table under each other, date after date."""
    tables: dict[str, tuple[Sequence[str], list[Cells]]] = {}
    for each in shown:
        for table in each.tables:
            columns, rows = tables.setdefault(table.name, (table.columns, []))
            rows += table.rows
            tables[table.name] = (columns, rows)
    return tables


def _print_csv(tables: "_Tables") -> None:
    """Print each table as CSV; of several, each follows its name and ends in an empty line."""
    for name, (columns, rows) in tables.items():
        cells = [[row[column] for column in columns] for row in rows]
        output.print_csv(columns, cells, name if len(tables) > 1 else "")
