"""The label of figures that are not what they should be by now."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fintech_factory.cli import output

if TYPE_CHECKING:
    from fintech_factory.pipeline.live import Stale

__all__ = ["say_stale", "with_stale"]


def with_stale(document: "Mapping[str, Any]", stale: "Stale | None") -> dict[str, Any]:
    """Add the label to a document, null where there is none."""
    return {**document, "stale": stale.as_json() if stale else None}


def say_stale(stale: "Stale | None") -> None:
    """Print the label above figures; nothing where there is none."""
    if stale is None:
        return
    shown = "; ".join(f"factory findings show {each}" for each in stale.findings)
    ids = f" ({shown})" if shown else ""
    output.say(f"STALE since {stale.since:%Y-%m-%d %H:%M} UTC: {stale.reason}{ids}")
