"""The command `factory`: noun, then verb."""

import click

from fintech_factory import __version__
from fintech_factory.cli.lazy import LazyGroup
from fintech_factory.cli.options import Call, add_global_options

__all__ = ["main"]

# Name -> its line in the help; the module cli/<name>.py is imported only when it is used.
NOUNS = {
    "init": "Make a workspace from the default settings and SQL.",
    "check": "Check every settings file; all problems at once, with their place.",
    "book": "Generate a synthetic loan book in the export format.",
    "ingest": "Bring an export in: contract checked, raw kept, bad rows set aside.",
    "run": "Rebuild the models and publish the KPIs of an as-of date.",
    "runs": "List and show every try of a run and its log; cancel, pause and resume work.",
    "serve": "Keep the day going: run what is due, tell people, answer monitors.",
    "schedule": "Say when work is due next, and what defers it.",
    "kpi": "List, show, trace and explain KPIs.",
    "views": "List, show and open the views of the book.",
    "reconcile": "Compare our balances and PAR with the source's own, loan by loan.",
    "alerts": "List and answer alerts; replay rules over the past; say why nobody was told.",
    "reports": "Show and send what each department is told every day; say who had it when.",
    "channels": "List the ways to reach people; test one without anybody noticing.",
    "findings": "List what was found; accept it for a while, or reset what it is held against.",
    "audit": "Verify, list, export and anchor the audit trail.",
    "slo": "Say how the work stands to what is promised of it.",
    "metrics": "Print what the records measure, for Prometheus.",
    "warehouse": "Check the warehouse.",
    "doctor": "Look at everything, change nothing: what is wrong, and what to do next.",
    "demo": "Run a whole day on a synthetic book.",
}


@click.group(
    "factory",
    cls=LazyGroup,
    nouns=NOUNS,
    package=__name__,
    context_settings={"obj": Call()},
)
@click.version_option(__version__, prog_name="factory")
def main() -> None:
    """Portfolio intelligence that a lender can defend.

    Every figure is recomputed from the loan tape, reconciled, and opens to its rows.
    """


add_global_options(main)
