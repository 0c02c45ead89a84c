"""What is looked at: areas, each a module of `areas/` with its checks by name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from fintech_factory.errors import UsageError
from fintech_factory.registry import Shelf, nearest

if TYPE_CHECKING:
    from fintech_factory.app.doctor.diagnosis import Diagnosis
    from fintech_factory.app.doctor.ground import Ground

__all__ = ["Area", "Check", "NamedArea", "all_areas", "chosen"]

Check: TypeAlias = "Callable[[Ground], Iterable[Diagnosis]]"
# What the others rest on comes first; an area of an outside package comes last.
_ORDER = ("config", "secrets", "disk", "clock", "state", "warehouse", "export", "runs", "channels",
          "outbox", "quota", "audit")  # fmt: skip


class Area(Protocol):
    """A part of a workspace that can be looked at for itself."""

    @property
    def name(self) -> str:
        """Its name on the command line."""
        ...

    @property
    def checks(self) -> Mapping[str, Check]:
        """What is looked at, by name; a check that cannot be made raises Unseen."""
        ...


@dataclass(frozen=True, slots=True)
class NamedArea:
    """An area whose name is its module's."""

    name: str
    checks: Mapping[str, Check]


def all_areas() -> tuple[Area, ...]:
    """Give every area: the modules of `areas/`, and those that outside packages add."""
    shelf = Shelf("areas", "fintech_factory.app.doctor.areas")
    names = sorted(shelf.names(), key=_place)
    return tuple(NamedArea(name, shelf.find(name).CHECKS) for name in names)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def chosen(areas: Sequence[Area], names: Sequence[str]) -> tuple[Area, ...]:
    """Give the areas of these names, all without one.

    Raises:
        UsageError: an area is unknown; the hint lists those there are.
    """
    known = [area.name for area in areas]
    for name in names:
        if name not in known:
            close = nearest(name, known)
            meant = f"did you mean `{close}`? " if close else ""
            raise UsageError(
                f"no area is called `{name}`", hint=f"{meant}valid areas: {', '.join(known)}"
            )
    return tuple(area for area in areas if not names or area.name in names)
