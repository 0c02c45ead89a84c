"""What to do about the alerts of a rule."""

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, pass_call

__all__ = ["VERBS"]


@click.command("runbook")
@click.argument("rule", metavar="RULE")
@click.option(
    "--language",
    type=click.Choice(["en", "es"]),
    default="en",
    show_default=True,
    help="The language it is printed in.",
)
@pass_call
def runbook(call: Call, *, rule: str, language: str) -> None:
    """Print what to do about the alerts of a rule, or where that stands."""
    from fintech_factory.message import Language

    alerts = call.factory().alerts
    name = alerts.alerting.rule(rule).runbook
    found = alerts.runbooks.get(name)
    spoken = Language(language)
    if call.json:
        output.emit_json(
            {
                "rule": rule,
                "runbook": name,
                "language": language,
                "title": found.title.within(spoken) if found else None,
                "steps": [each.within(spoken) for each in found.steps] if found else None,
                "text": found.text.within(spoken) if found else None,
            }
        )
    else:
        output.say(name if found is None else found.text.within(spoken).rstrip("\n"))


VERBS = (runbook,)
"""What `factory alerts` can do of this."""
