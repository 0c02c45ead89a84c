"""`factory init`: make a workspace from the defaults."""

from dataclasses import replace
from pathlib import Path

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, by_option, pass_call

__all__ = ["command"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@by_option
@pass_call
def command(call: Call, folder: Path, *, by: str) -> None:
    """Make DIR a workspace from the default settings and SQL.

    A workspace is left as it is, and nothing that exists is overwritten.
    """
    from fintech_factory.app import config_models
    from fintech_factory.config import initialise

    made = initialise(folder, config_models())
    factory = replace(call, workspace_dir=folder).factory(by)
    if not made.existed:
        # The first run need not wait for it.
        factory.state.ready()
    factory.audit.initialised(made)
    root = made.workspace.root
    if call.json:
        status = "existing" if made.existed else "created"
        output.emit_json({"workspace": root, "status": status, "files": made.files})
    elif made.existed:
        output.say(f"{root} is a workspace already; it was left as it is")
    else:
        output.say(f"made the workspace {root} ({len(made.files)} files)")
        output.note(f"next: factory check --workspace {folder}", quiet=call.quiet)
