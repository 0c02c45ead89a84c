"""Finds a plug-in by its name: the file name is the registration."""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from fintech_factory.errors import UsageError

__all__ = ["Shelf", "nearest", "suggestion"]


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Give the valid name that is closest to a mistyped one, or None when none is close."""
    from difflib import get_close_matches

    by_folded = {each.casefold(): each for each in valid}
    found = get_close_matches(name.casefold(), list(by_folded), n=1)
    return by_folded[found[0]] if found else None


def suggestion(name: str, valid: Sequence[str]) -> str:
    """Give the hint for a mistyped name: the nearest valid one, or the list of all."""
    close = nearest(name, valid)
    if close is not None:
        return f"did you mean `{close}`?"
    return f"valid names: {', '.join(sorted(valid))}" if valid else "no name is valid here"


@cache
def _installed(group: str) -> tuple[EntryPoint, ...]:
    # What is installed stays as it is while a process runs; looking through it takes milliseconds.
    return tuple(entry_points(group=group))


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of plug-in, e.g. `Shelf("sources", "fintech_factory.ingestion.sources")`.

    `kind: cascade` is the module `cascade` in that package; outside packages register
    theirs under the entry point group `fintech_factory.<kind>`.
    """

    kind: str
    package: str

    @property
    def group(self) -> str:
        """Name the entry point group of outside packages."""
        return f"fintech_factory.{self.kind}"

    def names(self) -> tuple[str, ...]:
        """List every name that can be asked for, sorted."""
        return tuple(sorted({*self._modules(), *self._entry_points()}))

    def find(self, name: str) -> ModuleType:
        """Import the plug-in of that name; UsageError says where it looked and what is valid."""
        # Only listed names are imported: a name from a settings file never becomes a module path.
        modules, outside = self._modules(), self._entry_points()
        if name in modules and name in outside:
            raise UsageError(
                f"`{name}` is both our own and an outside package's",
                where=f"{self.package}.{name}, entry point {outside[name].value}",
                hint="uninstall the outside package, or rename its entry point",
            )
        if name in modules:
            return importlib.import_module(f"{self.package}.{name}")
        if name in outside:
            return self._loaded(outside[name])
        raise UsageError(
            f"no {self.kind} plug-in is called `{name}`; looked for the module"
            f" {self.package}.{name} and in the entry points {self.group}",
            hint=suggestion(name, self.names()),
        )

    def _modules(self) -> frozenset[str]:
        package = importlib.import_module(self.package)
        found = pkgutil.iter_modules(package.__path__)
        return frozenset(each.name for each in found if not each.name.startswith("_"))

    def _entry_points(self) -> dict[str, EntryPoint]:
        return {each.name: each for each in _installed(self.group)}

    def _loaded(self, point: EntryPoint) -> ModuleType:
        try:
            module = point.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"the {self.kind} plug-in `{point.name}` cannot be imported: {error}",
                where=f"entry point {point.value}",
                hint="reinstall the package that brings it",
            ) from error
        if not isinstance(module, ModuleType):
            raise UsageError(
                f"the {self.kind} plug-in `{point.name}` is no module",
                where=f"entry point {point.value}",
                hint="its entry point names a module, without `:object`",
            )
        return module
