"""What a rule is judged on: one figure, or one thing that was looked at, at one date."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fintech_factory.values import Severity

__all__ = ["UNAVAILABLE", "Observation", "Past", "Sight", "fingerprint"]

UNAVAILABLE = ".unavailable"
"""What the id of a KPI's rule is followed by where its missing figure is the alert."""


class Sight(StrEnum):
    """Whether there is something to judge; `error`: the evaluation itself failed."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    WITHHELD = "withheld"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of a rule's subject at one date.

    `dimension` and `member` name the part of the book, or the thing (finding `a1b2c3d4`, covenant
    `example/par_90`, channel `slack`); both empty for the whole book. `value` is unrounded, in the
    KPI's unit, None where there is none. For rules that judge no figure, `severity` is how grave
    what was found is, None where all is well. `reason` says why there is no figure, or what was
    found. `batch_set` names the batches behind it: the same one at the same date is a rerun.
    """

    rule: str
    as_of: date
    data_through: date
    batch_set: str
    run_id: str = ""
    dimension: str = ""
    member: str = ""
    status: Sight = Sight.OK
    value: Decimal | None = None
    severity: Severity | None = None
    reason: str = ""

    @property
    def fingerprint(self) -> str:
        """Name what is the same alert when it is seen again."""
        return fingerprint(self.rule, self.dimension, self.member)

    @property
    def cut_on(self) -> date:
        """The last day that it really speaks of.

        A month in progress is labelled by its last day: by its label it would be newer than
        tomorrow's export.
        """
        return min(self.as_of, self.data_through)

    def of_absence(self) -> "Observation":
        """Give what the rule that watches for a missing figure sees of the same look."""
        return replace(self, rule=f"{self.rule}{UNAVAILABLE}")


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knows of earlier evaluations of the same fingerprint.

    `newest` is the newest `cut_on` that was judged; `judged` says that this very date and batch
    set were. The alert remembers its own; this is for where there is no alert to remember.
    """

    newest: date | None = None
    judged: bool = False


def fingerprint(rule: str, dimension: str = "", member: str = "") -> str:
    """Name a rule's alert for one part of the book: `par_90`, `par_90|entity=North`."""
    return f"{rule}|{dimension}={member}" if dimension else rule
