"""`factory serve`: the process that keeps the day going."""

import gc
import os
import signal
import socket
from contextlib import suppress

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, by_option, pass_call
from fintech_factory.cli.signals import asked_to_end

__all__ = ["command"]


@click.command("serve")
@click.option(
    "--host", metavar="ADDRESS", help="Where to listen; else as config/factory.yaml has it."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="The port; else as config/factory.yaml has it. 0 takes a free one.",
)
@by_option
@pass_call
def command(call: Call, *, host: str | None, port: int | None, by: str) -> None:
    """Keep the day going: run what is due or arrives, tell people, answer monitors.

    It lasts until SIGTERM or Ctrl-C; then it hands over a run that is under way and ends within
    seconds. `/health/live` and `/health/ready` say how it stands. Several may serve one workspace.
    """
    from fintech_factory.app.serve import Service
    from fintech_factory.dashboard.health import make_app
    from fintech_factory.dashboard.server import answering, listen

    factory = call.factory(by)
    factory.state.ready()
    service = Service(factory, notify=_notify)
    settings = service.settings
    # What is kept for a command that soon ends is too much for one that lasts.
    gc.set_threshold(700, 10, 10)
    with (
        listen(host or settings.host, settings.port if port is None else port) as on,
        asked_to_end(service.stop, also=(signal.SIGINT,)),
        answering(make_app(service), on) as address,
    ):
        said = {"listening": address, "pid": os.getpid(), "workspace": factory.workspace.root}
        if call.json:
            output.emit_json(said)
        else:
            output.say(f"serving {factory.workspace.root} at {address} (Ctrl-C ends it)")
        service.run()


def _notify(state: str) -> None:
    """Tell systemd how it stands, where it listens; see sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A name that begins with @ is one of Linux's abstract ones.
    where = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(state.encode("ascii"), where)
