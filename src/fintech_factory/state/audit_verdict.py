"""What the audit trail was found to be, and what it was held against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fintech_factory.state.audit import Head

__all__ = ["Fault", "Trust", "Verdict", "by_sequence"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold: in which table or file, at which entry, and what."""

    where: str
    sequence: int | None
    what: str

    def as_json(self) -> dict[str, Any]:
        """Give its document."""
        return {"where": self.where, "sequence": self.sequence, "what": self.what}


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known beside the database.

    `first_key` is the public key that the first entry must name, None if it is lost. `heads` are
    heads that were written down elsewhere: where -> sequence and hash.
    """

    first_key: str | None
    heads: Mapping[str, Head] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the whole chain was found to be; `faults` are in the order of the entries.

    `keys` are all that the chain knows of, `acknowledged` the disturbances that a person has
    answered for since, `more` counts the faults beyond those listed.
    """

    entries: int
    checkpoints: int
    head: Head
    signed_through: int
    keys: tuple[str, ...]
    faults: tuple[Fault, ...]
    acknowledged: tuple[Fault, ...] = ()
    more: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether everything holds."""
        return not self.faults

    def with_faults(self, faults: Iterable[Fault]) -> "Verdict":
        """Add what was found beside the chain; what names no entry comes last."""
        every = sorted((*faults, *self.faults), key=by_sequence)
        return replace(self, faults=tuple(every))

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory audit verify --json`."""
        return {
            "status": "intact" if self.is_intact else "broken",
            "entries": self.entries,
            "checkpoints": self.checkpoints,
            "head": {"sequence": self.head.sequence, "hash": self.head.hash},
            "signed_through": self.signed_through,
            "first_bad_entry": next(
                (each.sequence for each in self.faults if each.sequence is not None), None
            ),
            "faults": [each.as_json() for each in self.faults],
            "more_faults": self.more,
            "acknowledged": [each.as_json() for each in self.acknowledged],
        }


def by_sequence(fault: Fault) -> tuple[bool, int]:
    """Sort faults by entry; those that name none come last."""
    return (fault.sequence is None, fault.sequence or 0)
