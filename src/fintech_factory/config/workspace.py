"""A workspace is a folder with settings, SQL, what comes in and what goes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.errors import UsageError

__all__ = ["FOLDERS", "SETTINGS_FILE", "Workspace", "is_workspace"]

SETTINGS_FILE = "config/factory.yaml"
FOLDERS = ("config", "sql", "inbox", "warehouse", "state", "outputs")


_REMAINS = 3


def is_workspace(folder: Path) -> bool:
    """Tell whether a folder is a workspace: it holds config/factory.yaml."""
    return (folder / SETTINGS_FILE).is_file()


@dataclass(frozen=True, slots=True)
class Workspace:
    """The paths of one workspace; it opens none of them."""

    root: Path

    @classmethod
    def find(cls, explicit: Path | None, env: Mapping[str, str]) -> "Workspace":
        """Take --workspace, else FACTORY_WORKSPACE, else the current folder.

        UsageError if the folder named first is not a workspace: the next is not tried, lest
        a mistyped name act on another book.
        """
        folder, source = _named(explicit, env)
        if not is_workspace(folder):
            raise UsageError(
                f"{folder} is not a workspace: it holds no {SETTINGS_FILE}",
                where=source,
                hint=f"make one with `factory init {'DIR' if source.startswith('the') else folder}`"
                ", or name one with --workspace DIR",
            )
        return cls(folder.resolve())

    @classmethod
    def find_remains(cls, explicit: Path | None, env: Mapping[str, str]) -> "Workspace":
        """Take what `find` takes, and what is left of a workspace that has lost its settings.

        Raises:
            UsageError: the folder is no workspace and never was one.
            OSError: it cannot be looked into.
        """
        folder, _ = _named(explicit, env)
        if folder.is_dir() and not is_workspace(folder):
            there = {path.name for path in folder.iterdir() if path.is_dir()}
            # A folder of another kind may have a `config`, and even an `inbox`.
            if len(there.intersection(FOLDERS)) >= _REMAINS:
                return cls(folder.resolve())
        return cls.find(explicit, env)

    @property
    def config(self) -> Path:
        """Settings, one YAML file a subject."""
        return self.root / "config"

    @property
    def settings_file(self) -> Path:
        """The workspace's own settings, config/factory.yaml."""
        return self.root / SETTINGS_FILE

    @property
    def schemas(self) -> Path:
        """JSON Schemas of the settings, for editors."""
        return self.config / "schemas"

    @property
    def sql(self) -> Path:
        """Views, and models in sql/models."""
        return self.root / "sql"

    @property
    def inbox(self) -> Path:
        """Where exports arrive."""
        return self.root / "inbox"

    @property
    def state(self) -> Path:
        """What the product remembers of its own work."""
        return self.root / "state"

    @property
    def outputs(self) -> Path:
        """What is made for people."""
        return self.root / "outputs"

    @property
    def logs(self) -> Path:
        """What commands logged, one file a day."""
        return self.outputs / "logs"

    @property
    def warehouse(self) -> Path:
        """Raw batches and published versions."""
        return self.root / "warehouse"

    @property
    def current(self) -> Path:
        """The pointer to the published version."""
        return self.warehouse / "CURRENT"

    @property
    def versions(self) -> Path:
        """Every published version that is kept."""
        return self.warehouse / "versions"

    def raw(self, source: str) -> Path:
        """Batches of one source as received and landed, with its LATEST pointer."""
        return self.warehouse / "raw" / source


def _named(explicit: Path | None, env: Mapping[str, str]) -> tuple[Path, str]:
    """Give the folder that is meant, and by what it is named."""
    named = env.get("FACTORY_WORKSPACE", "")
    if explicit is not None:
        return explicit, "--workspace"
    if named:
        return Path(named), "FACTORY_WORKSPACE"
    return Path.cwd(), "the current folder"
