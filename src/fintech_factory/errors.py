"""Every error the product raises on purpose.

FactoryError                     exit 1
├── UsageError                   exit 2   the call is wrong
├── ConfigError                  exit 2   the workspace's settings are wrong
│   └── DefinitionError          exit 2   a KPI's definition is wrong
├── IngestError                  exit 1
│   ├── SourceUnreadable         exit 1   the file or address cannot be read
│   └── BatchRefused             exit 1   read, but not fit to land; the last good batch stays
├── WarehouseError               exit 1
│   ├── WriterBusy               exit 1   another process is writing; worth another try
│   ├── NothingPublished         exit 1   no run has published yet
│   └── LimitExceeded            exit 1   a query used more memory or time than it was given
├── StateError                   exit 1   the operational database cannot do what was asked
│   ├── StateBusy                exit 1   another process is writing to it; worth another try
│   ├── StateUnreachable         exit 1   its server does not answer; worth another try
│   └── LeaseLost                exit 1   another process has taken the work over
├── SwitchSilent                 exit 1   the dead man's switch does not answer; worth another try
├── ModelError                   exit 1   a SQL model cannot be ordered or run
└── RunFailed                    exit 1   a run published nothing
    └── RunStopped               exit 1   somebody asked it to stop
"""

from collections.abc import Sequence
from typing import ClassVar

from fintech_factory.values import Finding, Problem

__all__ = [
    "BatchRefused",
    "ConfigError",
    "DefinitionError",
    "FactoryError",
    "IngestError",
    "LeaseLost",
    "LimitExceeded",
    "ModelError",
    "NothingPublished",
    "RunFailed",
    "RunStopped",
    "SourceUnreadable",
    "StateBusy",
    "StateError",
    "StateUnreachable",
    "SwitchSilent",
    "UsageError",
    "WarehouseError",
    "WriterBusy",
]


class FactoryError(Exception):
    """What went wrong, where, and what to do now."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        """Keep the three parts apart; they are printed on two lines."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Say `where: what`, then the hint on its own line."""
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line}\nhint: {self.hint}" if self.hint else line


class UsageError(FactoryError):
    """The call is wrong: an unknown name, a date that cannot be."""

    exit_code = 2


class ConfigError(FactoryError):
    """One or more settings are wrong; all of them are listed at once."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Take every problem found (at least one)."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class DefinitionError(ConfigError):
    """A KPI's definition cannot be used."""


class IngestError(FactoryError):
    """A source could not be brought in."""


class SourceUnreadable(IngestError):  # noqa: N818 - named after the state, as the tree reads
    """The file, archive or address cannot be read as what it should be."""


class BatchRefused(IngestError):  # noqa: N818
    """A batch was read and is not fit to land; the last good batch stays."""

    def __init__(self, what: str, *, where: str, hint: str, findings: Sequence[Finding]) -> None:
        """Carry the findings that refused the batch."""
        super().__init__(what, where=where, hint=hint)
        self.findings = tuple(findings)


class WarehouseError(FactoryError):
    """The warehouse cannot do what was asked."""


class WriterBusy(WarehouseError):  # noqa: N818
    """Another process holds the writer's lock."""

    retryable = True


class NothingPublished(WarehouseError):  # noqa: N818
    """No run has published a version yet."""


class LimitExceeded(WarehouseError):  # noqa: N818
    """A query was stopped at its memory or time limit."""


class StateError(FactoryError):
    """The operational database cannot do what was asked; nothing of it was kept.

    `code` is a stable snake_case name of what was in the way, empty where there is none.
    """

    code = ""


class StateBusy(StateError):  # noqa: N818
    """Another process is writing to the operational database."""

    retryable = True


class StateUnreachable(StateError):  # noqa: N818
    """The server of the operational database does not answer."""

    retryable = True


class LeaseLost(StateError):  # noqa: N818
    """Another process has taken over what this one worked at; nothing of it was kept."""


class SwitchSilent(FactoryError):  # noqa: N818
    """Whoever is to tell people when we fall silent does not answer; the next pulse asks again."""

    retryable = True


class ModelError(FactoryError):
    """A SQL model cannot be ordered, translated or run."""


class RunFailed(FactoryError):  # noqa: N818
    """A run stopped before it published; the last good version stays live."""


class RunStopped(RunFailed):
    """A run was cancelled, paused or handed over before it published."""

    def __init__(self, what: str, *, wanted: str, where: str = "", hint: str = "") -> None:
        """Take what was asked of it: `cancel`, `pause` or `hand_over`."""
        super().__init__(what, where=where, hint=hint)
        self.wanted = wanted
