"""Makes every check, whatever becomes of each."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fintech_factory.app.doctor.area import Area, Check, all_areas, chosen
from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, unchecked, warning
from fintech_factory.app.doctor.ground import Ground
from fintech_factory.app.doctor.report import Report
from fintech_factory.errors import ConfigError, FactoryError, StateError

__all__ = ["Doctor"]

_PACKAGE = "fintech_factory"


@dataclass(frozen=True)
class Doctor:
    """Looks at one workspace; `tell` is given the traceback of a check that failed."""

    ground: Ground
    tell: Callable[[str], None] = lambda _: None

    def look(self, names: Sequence[str] = (), areas: Sequence[Area] | None = None) -> Report:
        """Look at the areas of these names, at all without one; nothing is changed.

        Raises:
            UsageError: an area is unknown.
        """
        wanted = chosen(all_areas() if areas is None else areas, names)
        return Report(
            workspace=self.ground.workspace.root,
            looked_at=self.ground.now,
            areas=tuple(area.name for area in wanted),
            seen=tuple(each for area in wanted for each in self._examined(area)),
        )

    def _examined(self, area: Area) -> Iterator[Diagnosis]:
        for name, check in area.checks.items():
            for each in self._checked(check, area.name):
                yield replace(each, area=area.name, check=name)

    def _checked(self, check: Check, area: str) -> Iterator[Diagnosis]:
        """Make a check; what it saw before it failed is kept."""
        try:
            yield from check(self.ground)
        except Unseen as unseen:
            yield unchecked(unseen.why, unseen.then or f"`factory doctor {area}` looks again")
        except ConfigError as wrong:
            first = wrong.problems[0]
            why = f"settings that it needs are wrong: {first.message}"
            where = f"{first.path}:{first.line}"
            yield unchecked(why, "`factory doctor config` lists what is wrong", where=where)
        except StateError as failed:
            why = f"the operational database cannot be read: {failed.what}"
            yield unchecked(why, "`factory doctor state` says more")
        except Exception as failed:  # noqa: BLE001 - a check that fails is a finding, never a crash
            self.tell("".join(traceback.format_exception(failed)))
            yield _failed(failed, area)


def _failed(failed: Exception, area: str) -> Diagnosis:
    """Say what a check failed by; a foreign error's own words may hold a secret."""
    said = type(failed).__name__
    if isinstance(failed, FactoryError):
        said = failed.what
    elif isinstance(failed, OSError) and failed.strerror:
        named = f": {failed.filename}" if failed.filename else ""
        said = f"{failed.strerror}{named}"
    then = f"`FACTORY_DEBUG=1 factory doctor {area}` shows where"
    return warning("check_failed", f"a check failed: {said}", where=_place(failed), then=then)


def _place(failed: Exception) -> str:
    """Name the last line of our own that an error came through."""
    frames = traceback.extract_tb(failed.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parts]
    if not ours:
        return ""
    parts = Path(ours[-1].filename).parts
    inside = parts[len(parts) - 1 - parts[::-1].index(_PACKAGE) :]
    return f"{'/'.join(inside)}:{ours[-1].lineno}"
