"""What a look at a workspace has come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fintech_factory.app.doctor.diagnosis import Diagnosis, Grade

__all__ = ["Report"]

_WORST_FIRST = tuple(reversed(Grade))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was seen, area by area as it was looked at; `areas` are those asked for."""

    workspace: Path
    looked_at: datetime
    areas: tuple[str, ...]
    seen: tuple[Diagnosis, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether nobody has to do anything."""
        return not self.findings

    @property
    def findings(self) -> tuple[Diagnosis, ...]:
        """What somebody has to see to, the worst first."""
        return tuple(each for each in self.worst_first if each.grade.is_finding)

    @property
    def worst_first(self) -> tuple[Diagnosis, ...]:
        """Everything, the worst first, else in the order in which it was looked at."""
        return tuple(sorted(self.seen, key=lambda each: _WORST_FIRST.index(each.grade)))

    def of(self, area: str) -> Sequence[Diagnosis]:
        """Give what was seen of one area."""
        return [each for each in self.seen if each.area == area]

    def grade_of(self, area: str) -> Grade:
        """Give the worst that was seen of an area."""
        grades = [_WORST_FIRST.index(each.grade) for each in self.of(area)]
        return _WORST_FIRST[min(grades)] if grades else Grade.OK

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory doctor --json`."""
        counts = Counter(each.grade for each in self.seen)
        return {
            "status": "healthy" if self.is_healthy else "findings",
            "workspace": str(self.workspace),
            "looked_at": self.looked_at.isoformat(timespec="seconds"),
            "areas": {area: self.grade_of(area).value for area in self.areas},
            "counts": {grade.value: counts[grade] for grade in _WORST_FIRST},
            "diagnoses": [each.as_json() for each in self.worst_first],
        }
