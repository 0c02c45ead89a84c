"""Which channels there are, and which of them are switched on."""

from pathlib import Path

from fintech_factory.registry import Shelf

__all__ = ["CHANNELS", "channels_of"]

CHANNELS = Shelf("channels", "fintech_factory.distribution.channels")
"""The plug-ins that reach people."""

# These need no credentials and nobody's leave: on unless a settings file says otherwise.
_ON_BY_THEMSELVES = frozenset({"inbox", "file"})


def channels_of(config: Path) -> dict[str, bool]:
    """Say of every channel whether `config/integrations/<name>.yaml` switches it on.

    A file that cannot be read counts as on: its own check says what is wrong with it.
    """
    from fintech_factory.alerting.address import MEDIA

    names = sorted({*MEDIA, *CHANNELS.names()})
    return {name: _is_on(config / "integrations" / f"{name}.yaml") for name in names}


def _is_on(path: Path) -> bool:
    from fintech_factory.config.reading import read
    from fintech_factory.config.tree import ScalarNode, child

    if not path.is_file():
        return path.stem in _ON_BY_THEMSELVES
    root = read(path).root
    if root is None:
        return True
    said = child(root, "enabled")
    if said is None or not isinstance(said.node, ScalarNode):
        return path.stem in _ON_BY_THEMSELVES
    return said.node.value is True
