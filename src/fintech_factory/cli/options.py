"""The options that every command takes, before or after its noun and verb."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from fintech_factory.app import Factory
    from fintech_factory.config.workspace import Workspace

__all__ = [
    "Amount",
    "Call",
    "add_global_options",
    "as_of_option",
    "by_option",
    "day_option",
    "exit_with_findings",
    "optional_day_option",
    "pass_call",
]

Command = TypeVar("Command", bound=Callable[..., Any])

_EXIT_FINDINGS = 3


@dataclass(frozen=True, slots=True)
class Call:
    """How a command was called; `@pass_call` hands it to the command as first argument."""

    workspace_dir: Path | None = None
    json: bool = False
    quiet: bool = False

    def workspace(self) -> "Workspace":
        """Find the workspace; UsageError if there is none."""
        from fintech_factory.config.workspace import Workspace

        return Workspace.find(self.workspace_dir, os.environ)

    def factory(self, by: str = "") -> "Factory":
        """Open the workspace for as long as the command lasts; UsageError if there is none.

        Left to the collector, its database would be closed at any later moment, and what stands
        beside it (SQLite's log) would vanish under whoever copies the workspace.
        """
        from fintech_factory.app import Factory
        from fintech_factory.cli.logged import log_command

        factory = Factory(self.workspace(), actor=by)
        log_command(factory)
        click.get_current_context().call_on_close(factory.close)
        return factory


pass_call = click.make_pass_decorator(Call)


class _Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read the day; anything else is a usage error."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no day; write it like 2025-12-31", param, ctx)


class Amount(click.FloatRange):
    """A number within bounds; FloatRange lets nan pass, for it lies beyond no bound."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Read the number; one that is none, and one out of bounds, is a usage error."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value} is no number", param, ctx)
        return found


def as_of_option(help_text: str) -> Callable[[Command], Command]:
    """Give a command the option --as-of, a day or None."""
    return click.option("--as-of", type=_Day(), metavar="DATE", help=help_text)


def day_option(name: str, help_text: str) -> Callable[[Command], Command]:
    """Give a command an option that must be a day."""
    return click.option(name, type=_Day(), required=True, metavar="DATE", help=help_text)


def optional_day_option(name: str, help_text: str) -> Callable[[Command], Command]:
    """Give a command an option that is a day or None."""
    return click.option(name, type=_Day(), metavar="DATE", help=help_text)


def by_option(command: Command) -> Command:
    """Give a command the option --by, empty where it is left out."""
    return click.option(
        "--by",
        default="",
        metavar="NAME",
        help="Who does this, for the audit trail; else FACTORY_ACTOR, else the machine's account.",
    )(command)


def exit_with_findings() -> NoReturn:
    """End a command that did its work and has findings to look at: exit code 3."""
    raise click.exceptions.Exit(_EXIT_FINDINGS)


def add_global_options(command: click.Command) -> click.Command:
    """Give the global options to a command and to all commands below it."""
    if not any(each in command.params for each in _GLOBAL_OPTIONS):
        command.params.extend(_GLOBAL_OPTIONS)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            add_global_options(below)
    return command


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:  # noqa: ANN401
    # Click hands the object down as it makes the next command's context.
    if value and option.name is not None:
        context.obj = replace(context.obj, **{option.name: value})


_GLOBAL_OPTIONS: tuple[click.Option, ...] = (
    click.Option(
        ["--workspace", "workspace_dir"],
        metavar="DIR",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember,
        help="The workspace; else FACTORY_WORKSPACE, else the current folder.",
    ),
    click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Print one JSON document on stdout, nothing else.",
    ),
    click.Option(
        ["--quiet"],
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="No notes and no progress bars.",
    ),
)
