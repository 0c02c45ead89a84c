"""Turns config/alerts.yaml into what alerts go by, or into every problem with its place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.alerting.address import MEDIA
from fintech_factory.alerting.check_anchor import check_anchor
from fintech_factory.alerting.check_calendar import check_calendar
from fintech_factory.alerting.check_receivers import Channels, check_receivers
from fintech_factory.alerting.check_routes import check_routes
from fintech_factory.alerting.check_rules import check_rules
from fintech_factory.alerting.reading import make_alerting
from fintech_factory.alerting.runbook import check_runbooks
from fintech_factory.alerting.setup import Alerting
from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.config import LoadedFile
    from fintech_factory.kpi_engine.definitions import Definitions

__all__ = ["FILE", "Beside", "check_alerts", "load_alerting", "read_alerting"]

FILE = "alerts.yaml"
"""The file of `config/` that says who is told of what."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside config/alerts.yaml and is named in it.

    `places` are the names that an address of a channel may be, where its settings give its places
    names; `runbooks` those of every runbook.
    """

    places: Mapping[str, Collection[str]] = field(default_factory=dict)
    runbooks: Collection[str] = ()


def load_alerting(path: Path, definitions: "Definitions", channels: Mapping[str, bool]) -> Alerting:
    """Read a file; ConfigError lists every problem.

    `channels` says of each channel there is whether it is switched on.
    """
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.config import load

    return read_alerting(load(path, AlertSettings), definitions, channels)


def read_alerting(
    loaded: "LoadedFile[AlertSettings]", definitions: "Definitions", channels: Mapping[str, bool]
) -> Alerting:
    """Make what a loaded file says.

    Raises:
        ConfigError: every problem, with its place.
    """
    problems = check_alerts(loaded, definitions, channels)
    if problems:
        raise ConfigError(problems)
    return make_alerting(loaded.value, definitions, channels)


def check_alerts(
    loaded: "LoadedFile[AlertSettings]",
    definitions: "Definitions | None",
    channels: Mapping[str, bool] | None = None,
    beside: Beside | None = None,
) -> Sequence[Problem]:
    """Give every problem that the file's shape alone cannot tell, in the file's order.

    Without `definitions` (their own file is wrong), rules and routes are not looked into; without
    `channels`, nothing is said of which are switched on; without `beside`, nothing of what else
    lies beside the file.
    """
    notes = Notes(loaded)
    settings = loaded.value
    known = channels if channels is not None else dict.fromkeys(MEDIA, True)
    check_receivers(settings, Channels(known, beside.places if beside else {}), notes)
    check_anchor(settings, notes)
    if definitions is not None:
        check_rules(settings, definitions, notes)
        alerting = make_alerting(settings, definitions, known)
        check_routes(alerting, settings, notes)
        if beside is not None:
            check_runbooks(settings, alerting.rules, beside.runbooks, notes)
    check_calendar(settings, notes)
    if definitions is not None and channels is not None and not notes.problems:
        from fintech_factory.alerting.check_channels import check_channels

        check_channels(make_alerting(settings, definitions, channels), settings, notes)
    return sorted(notes.problems, key=lambda each: (each.line, each.column))
