"""`factory check`: tell whether the settings are right."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, pass_call
from fintech_factory.errors import ConfigError
from fintech_factory.values import Problem

__all__ = ["command"]


@click.command()
@click.option(
    "--schemas",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write the JSON Schema of every settings file to DIR, for editors.",
)
@pass_call
def command(call: Call, schemas: Path | None) -> None:
    """Check every settings file of the workspace; exit 2 if any is wrong."""
    from fintech_factory.app import config_models
    from fintech_factory.config import check_workspace, write_schemas

    workspace = call.workspace()
    models = config_models(workspace)
    if schemas is not None:
        written = write_schemas(schemas, models)
        output.note(f"wrote {len(written)} schemas to {schemas}", quiet=call.quiet)
    problems = check_workspace(workspace, models)
    if call.json:
        _print_json(len(models), problems)
    else:
        _print(workspace.config, len(models), problems)
    if problems:
        raise click.exceptions.Exit(ConfigError.exit_code)


def _print_json(files: int, problems: Sequence[Problem]) -> None:
    status = "problems" if problems else "ok"
    listed = [asdict(problem) for problem in problems]
    output.emit_json({"status": status, "files": files, "problems": listed})


def _print(folder: Path, files: int, problems: Sequence[Problem]) -> None:
    for problem in problems:
        output.say(str(problem))
    count = "no problem" if not problems else f"{len(problems)} problem(s)"
    output.say(f"{folder}: {files} settings files, {count}")
