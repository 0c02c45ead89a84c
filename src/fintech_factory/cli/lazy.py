"""A group of commands whose modules are imported only when one is used."""

import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from fintech_factory.cli.failures import guarded
from fintech_factory.cli.options import add_global_options

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """Knows its nouns by name and help line; `cli/<noun>.py` exposes each as `command`."""

    def __init__(self, *, nouns: Mapping[str, str], package: str, **settings: Any) -> None:  # noqa: ANN401
        """Take the table of nouns and the package their modules live in."""
        super().__init__(**settings)
        self._nouns = dict(nouns)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the nouns in the order of the table: the order of a day's work."""
        return list(self._nouns)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the noun's module."""
        if cmd_name not in self._nouns:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command: click.Command = module.command
        return add_global_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest noun for a mistyped one."""
        name = args[0]
        if name not in self._nouns and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(name, possibilities=list(self._nouns), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of nouns without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._nouns.items()))

    def main(  # type: ignore[override]  # click's overloads tie the type to standalone_mode
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ANN401 - passed on as it comes
    ) -> Any:  # noqa: ANN401 - whatever a command returns when it is called as a function
        """Run a command line; every failure ends in its exit code and one clear message."""
        name = prog_name or "factory"
        if not standalone_mode or "_FACTORY_COMPLETE" in os.environ:
            return super().main(args, name, standalone_mode=standalone_mode, **extra)
        arguments = list(sys.argv[1:] if args is None else args)
        # A command ends soon and keeps most of what it makes: there is little to collect, and
        # looking for it every 700 objects takes a thirtieth of a day's run.
        gc.set_threshold(100_000, 50, 100)

        def run() -> None:
            with self.make_context(name, list(arguments), **extra) as context:
                self.invoke(context)

        sys.exit(guarded(run, as_json="--json" in arguments))
