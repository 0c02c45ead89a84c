"""Looks at every channel that messages go out by, all side by side, and nobody notices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, note, ok, unchecked, warning
from fintech_factory.errors import ConfigError, FactoryError, UsageError

if TYPE_CHECKING:
    from fintech_factory.app.channels import Channels
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.distribution.channel import Probe

__all__ = ["CHECKS", "Probed", "judge_channel", "side_by_side"]


@dataclass(slots=True)
class Probed:
    """What came of a channel's probe; `failed` is by what it ended, in words, without secrets."""

    name: str
    probes: "tuple[Probe, ...]" = field(default=())
    failed: str = ""
    is_done: bool = False


def _channels(ground: "Ground") -> Iterator[Diagnosis]:
    """Probe each enabled channel."""
    from fintech_factory.app.channels import Channels

    channels = Channels(ground.factory)
    enabled, unread = _enabled(ground, channels)
    for name in unread:
        yield unchecked(
            "its settings are wrong",
            "`factory doctor config` says what is wrong",
            where=f"config/integrations/{name}.yaml",
        )
    ready = []
    for name in enabled:
        if lacks := _lacks(channels, name):
            then = "`factory doctor secrets` says more"
            yield unchecked(f"a secret of it is not there: {lacks}", then, where=f"channel {name}")
        else:
            ready.append(name)
    # Read once, before several threads would.
    channels.warm()
    looks: Mapping[str, Callable[[], tuple[Probe, ...]]] = {
        name: lambda name=name: channels.probe(name)  # type: ignore[misc]
        for name in ready
    }
    for probed in side_by_side(looks, ground.patience_s):
        yield from judge_channel(probed, ground.patience_s)
    outside = [name for name in enabled if name not in {"inbox", "file"}]
    if not outside:
        what = "no channel is enabled that reaches anybody outside"
        then = "`factory channels list` says what each needs"
        yield note("nobody_reached", what, where="config/integrations/", then=then)


def side_by_side(
    looks: "Mapping[str, Callable[[], tuple[Probe, ...]]]", patience_s: float
) -> list[Probed]:
    """Make every look at once, and wait no longer than the patience for all of them together."""
    found = [Probed(name) for name in looks]

    def look(into: Probed) -> None:
        try:
            into.probes = tuple(looks[into.name]())
        except FactoryError as failed:
            into.failed = failed.what
        except Exception as failed:  # noqa: BLE001 - its own words may hold a token
            into.failed = type(failed).__name__
        into.is_done = True

    # A look that hangs must not keep the command from ending.
    threads = [Thread(target=look, args=(each,), daemon=True) for each in found]
    for thread in threads:
        thread.start()
    ends = monotonic() + patience_s
    for thread in threads:
        thread.join(max(ends - monotonic(), 0))
    return [Probed(each.name, each.probes, each.failed, each.is_done) for each in found]


def judge_channel(probed: Probed, patience_s: float) -> Iterator[Diagnosis]:
    """Say what is wrong with a channel, thing by thing."""
    where = f"channel {probed.name}"
    tests = f"`factory channels test {probed.name}` looks again"
    if not probed.is_done:
        what = f"it did not answer within {patience_s:g} s"
        yield warning("channel_silent", what, where=where, then=f"is it reached from here? {tests}")
        return
    if probed.failed:
        yield warning(
            "channel_failed", f"its look failed: {probed.failed}", where=where, then=tests
        )
        return
    wrong = [each for each in probed.probes if not each.ok]
    for each in wrong:
        hint = f"{each.hint}; " if each.hint else ""
        what = f"{each.what}: {each.said}"
        yield warning("channel_wrong", what, where=where, then=f"{hint}{tests}")
    if not wrong:
        yield ok("channel_right", f"{probed.name} is right", where)


def _enabled(ground: "Ground", channels: "Channels") -> tuple[list[str], list[str]]:
    """Give the channels that messages go out by, and those whose settings cannot be read."""
    from fintech_factory.app.channels import channel_shelf

    enabled, unread = [], []
    for name in channel_shelf().names():
        file = ground.workspace.config / "integrations" / f"{name}.yaml"
        if not file.is_file():
            continue
        try:
            if channels.settings(name).enabled:
                enabled.append(name)
        except ConfigError:
            unread.append(name)
    return enabled, unread


def _lacks(channels: "Channels", name: str) -> str:
    """Say which of its secrets is not there, nothing if all are."""
    from fintech_factory.distribution.settings import secrets_of

    for _, secret in secrets_of(channels.settings(name)):
        try:
            secret.reveal()
        except UsageError as lacking:
            return lacking.what
    return ""


CHECKS = {"probes": _channels}
