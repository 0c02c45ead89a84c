"""Lets a command write the log, and says there how it failed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fintech_factory.errors import FactoryError

if TYPE_CHECKING:
    from fintech_factory.app import Factory

__all__ = ["log_command"]

log = logging.getLogger(__name__)

_OPEN = f"{__name__}.open"
# They change something and ask for no name: what the clock does, and a workspace of its own.
_WITHOUT_NAME = frozenset({"deliver", "demo"})


def log_command(factory: "Factory") -> None:
    """Log what the present command does, until it ends.

    How it failed is logged if it may change something; of one that only reads, what nobody
    expected. Whoever ran it hears of it as ever.
    """
    context = click.get_current_context()
    if _OPEN not in context.meta:
        context.meta[_OPEN] = True
        context.with_resource(_logged(factory, context))


@contextmanager
def _logged(factory: "Factory", context: click.Context) -> Iterator[None]:
    from fintech_factory.telemetry.session import logging_to

    with logging_to(factory.workspace.logs) as session:
        try:
            yield
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            # The call is wrong, or whoever reads went away: nothing has failed.
            raise
        except FactoryError as error:
            if "by" in context.params or context.info_name in _WITHOUT_NAME:
                said = {"error": type(error).__name__, "what": error.what, "where": error.where}
                log.error("command failed", extra={**_who(factory, context), **said})  # noqa: TRY400 - nothing in it is unexpected
            raise
        except Exception as error:
            log.exception(
                "command failed",
                # Whoever knew more about it has logged it where it happened.
                exc_info=not session.errors,
                extra={**_who(factory, context), "error": type(error).__name__},
            )
            raise


def _who(factory: "Factory", context: click.Context) -> dict[str, str]:
    from fintech_factory.app.audit import whoever

    by = str(context.params.get("by") or factory.actor or whoever())
    return {"command": context.command_path, "actor": by}
