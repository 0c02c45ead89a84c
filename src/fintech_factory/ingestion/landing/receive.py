"""Takes files in as they are: lists them, copies their bytes, hashes them on the way."""

from dataclasses import dataclass
from pathlib import Path

from fintech_factory.errors import SourceUnreadable
from fintech_factory.ingestion.landing.facts import Facts, digest, scan
from fintech_factory.ingestion.landing.manifest import ReceivedEntry

__all__ = ["SUFFIXES", "is_same", "list_files", "take_in"]

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".zip")


def list_files(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    """List the files of an export by name; SourceUnreadable if there is none."""
    files: list[Path] = []
    for source in sources:
        if source.is_dir():
            files += [each for each in source.iterdir() if _is_export(each)]
        elif source.is_file():
            files.append(source)
        else:
            raise SourceUnreadable(
                "there is no such file or folder",
                where=str(source),
                hint="give a folder, a ZIP, or CSV or XLSX files",
            )
    if not files:
        raise SourceUnreadable(
            "the folder holds no export",
            where=", ".join(str(each) for each in sources),
            hint=f"looked for files ending in {', '.join(SUFFIXES)}",
        )
    names = [each.name for each in files]
    if len(set(names)) < len(names):
        raise SourceUnreadable("two files have the same name", where=", ".join(sorted(names)))
    return tuple(sorted(files, key=lambda each: each.name))


def _is_export(path: Path) -> bool:
    hidden = path.name.startswith((".", "~"))
    return path.is_file() and not hidden and path.suffix.lower() in SUFFIXES


def is_same(files: tuple[Path, ...], received: tuple[ReceivedEntry, ...]) -> bool:
    """Tell whether these files are, byte for byte, those received before."""
    before = {each.name: each for each in received}
    if {each.name for each in files} != set(before):
        return False
    # Sizes first: most changed exports are told apart without reading a byte.
    if any(each.stat().st_size != before[each.name].size for each in files):
        return False
    return all(digest(each) == before[each.name].sha256 for each in files)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """One received file: where its bytes are kept, and what they tell."""

    path: Path
    facts: Facts

    @property
    def entry(self) -> ReceivedEntry:
        """Give its line in the manifest."""
        return ReceivedEntry(self.path.name, self.facts.sha256, self.facts.size)


def take_in(source: Path, folder: Path) -> TakenIn:
    """Copy one file byte for byte and make the copy read-only."""
    target = folder / source.name
    with target.open("xb") as file:
        facts = scan(source, file)
    target.chmod(0o444)
    return TakenIn(target, facts)
