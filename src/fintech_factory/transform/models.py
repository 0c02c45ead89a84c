"""The SQL models of a workspace, and the order in which they can be made."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.errors import ModelError
from fintech_factory.warehouse.protocol import Materialised

__all__ = ["Model", "in_order", "read_models"]

_COMMENT = re.compile(r"--[^\n]*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_HEADER = re.compile(
    r"\A-- (?P<name>\w+): (?P<grain>one row per .+)\n-- materialised: (?P<kind>\w+)\n"
    r"(?P<notes>(?:--[^\n]*\n)*)"
)


@dataclass(frozen=True, slots=True)
class Model:
    """One SELECT statement that makes one table; the file's name is the table's.

    `notes` are the comment lines that follow the two header lines, without their dashes.
    """

    name: str
    grain: str
    materialised: Materialised
    sql: str
    path: Path
    reads: frozenset[str]
    notes: tuple[str, ...] = ()


def read_models(folder: Path) -> dict[str, Model]:
    """Read `sql/models/*.sql`, the view beside them, and `sql/views/<view>/<table>.sql`.

    A view's table bears both names: `delinquency_ageing`. A name that occurs in a statement and
    is also a model is taken as a table it reads: no other use of a model's name is allowed in
    SQL, which keeps this exact without parsing.

    Raises:
        ModelError: a file lacks its two header lines, or bears another name than its table.
    """
    named = {path.stem: path for path in [*folder.glob("models/*.sql"), *folder.glob("*.sql")]}
    named |= {f"{path.parent.name}_{path.stem}": path for path in folder.glob("views/*/*.sql")}
    return {name: _read(name, named[name], named.keys()) for name in sorted(named)}


def _read(name: str, path: Path, names: Iterable[str]) -> Model:
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None or header["name"] != name:
        raise ModelError(
            "a model starts with its grain and what becomes of it",
            where=f"{path}:1",
            hint=f"-- {name}: one row per ...\n-- materialised: table",
        )
    try:
        kind = Materialised(header["kind"])
    except ValueError:
        raise ModelError(
            f"'{header['kind']}' is no way to materialise a model",
            where=f"{path}:2",
            hint="one of " + ", ".join(Materialised),
        ) from None
    statement = _COMMENT.sub("", text).strip()
    words = set(_WORD.findall(statement))
    reads = frozenset(words & (set(names) - {name}))
    notes = tuple(line.removeprefix("--").strip() for line in header["notes"].splitlines())
    return Model(name, header["grain"], kind, statement, path, reads, notes)


def in_order(models: Mapping[str, Model]) -> list[Model]:
    """Give the models so that each comes after all it reads (ties by name).

    Raises:
        ModelError: models read each other in a circle.
    """
    ordered: dict[str, Model] = {}
    while len(ordered) < len(models):
        ready = [
            model
            for name, model in sorted(models.items())
            if name not in ordered and model.reads <= ordered.keys()
        ]
        if not ready:
            circle = ", ".join(sorted(models.keys() - ordered.keys()))
            raise ModelError("models read each other in a circle", where=circle)
        ordered |= {model.name: model for model in ready}
    return list(ordered.values())
