"""`factory warehouse`: look after what is published."""

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, exit_with_findings, pass_call

__all__ = ["command"]


@click.group("warehouse")
def command() -> None:
    """Check the warehouse."""


@command.command("check")
@pass_call
def check(call: Call) -> None:
    """Open the published version and read every table; exit 3 if anything is wrong."""
    factory = call.factory()
    version = factory.published()
    findings = factory.warehouse.check()
    if call.json:
        output.emit_json(
            {
                "version": version.name,
                "run_id": version.run.run_id,
                "as_ofs": version.run.as_ofs,
                "findings": [finding.as_json() for finding in findings],
                "status": "findings" if findings else "ok",
            }
        )
    else:
        output.say(f"published: {version.name}, as of {version.run.as_ofs[-1]}")
        for finding in findings:
            output.say(f"{finding.severity.value}: {finding.where}: {finding.message}")
            output.say(f"  hint: {finding.hint}")
        output.say("every table can be read" if not findings else f"{len(findings)} findings")
    if findings:
        exit_with_findings()
