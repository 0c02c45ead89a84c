"""`factory channels`: list the ways to reach people, and test one."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fintech_factory.cli import output
from fintech_factory.cli.options import Call, exit_with_findings, pass_call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fintech_factory.distribution.channel import Outcome, Probe

__all__ = ["command"]

_FAILED = 1


@click.group("channels")
def command() -> None:
    """List the ways to reach people; test one."""


@command.command("list")
@pass_call
def list_channels(call: Call) -> None:
    """List every channel; exit 3 if one is enabled and lacks something."""
    from fintech_factory.app.channels import Channels

    listed = Channels(call.factory()).listed()
    if call.json:
        output.emit_json({"channels": [asdict(each) for each in listed]})
    else:
        output.print_table(
            ["channel", "enabled", "configured", "what is wrong"],
            [
                [each.name, each.enabled, each.configured, "; ".join(each.problems)]
                for each in listed
            ],
        )
    if any(each.is_wrong for each in listed):
        exit_with_findings()


@command.command("test")
@click.argument("name")
@click.option("--send", metavar="ADDRESS", help="Also send a real message that says it is a test.")
@click.option(
    "--language", type=click.Choice(["en", "es"]), default="en", help="The language it is sent in."
)
@pass_call
def test(call: Call, *, name: str, send: str | None, language: str) -> None:
    """Look at a channel's server, secret and addresses; nobody notices.

    Exit 3 if something is wrong with it, 1 if a message was to be sent and is not known to have
    been accepted.
    """
    from fintech_factory.app.channels import Channels
    from fintech_factory.distribution.channel import Word
    from fintech_factory.message import Language

    channels = Channels(call.factory())
    probes = channels.probe(name, also=send or "")
    sent = channels.send_test(name, send, Language(language)) if send is not None else None
    failed = sent is not None and sent.word is not Word.ACCEPTED
    wrong = not all(each.ok for each in probes)
    if call.json:
        status = "failed" if failed else "findings" if wrong else "ok"
        output.emit_json(
            {"channel": name, "probes": [asdict(each) for each in probes], "sent": sent}
            | {"status": status}
        )
    else:
        _print(probes, sent)
    if failed:
        raise click.exceptions.Exit(_FAILED)
    if wrong:
        exit_with_findings()


def _print(probes: "Sequence[Probe]", sent: "Outcome | None") -> None:
    for each in probes:
        output.say(f"{'ok' if each.ok else 'wrong'}: {each.what}: {each.said}")
        if each.hint and not each.ok:
            output.say(f"  hint: {each.hint}")
    if sent is not None:
        named = f" as {sent.provider_id}" if sent.provider_id else ""
        said = f": {sent.reason}" if sent.reason else ""
        output.say(f"sent: {sent.word.value}{named}{said}")
