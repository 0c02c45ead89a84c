"""Which pages there are, and what writes the generated ones."""

from pathlib import Path

from docs_commands import commands_page
from docs_kpis import kpis_page
from docs_settings import settings_page
from docs_tables import tables_page
from docs_views import views_page

__all__ = ["ROOT", "generated", "pages", "shown"]

ROOT = Path(__file__).resolve().parents[2]


def generated() -> dict[Path, str]:
    """Give every generated page with the text it must have."""
    reference = ROOT / "docs" / "reference"
    return {
        reference / "commands.md": commands_page(),
        reference / "kpis.md": kpis_page(ROOT),
        reference / "configuration.md": settings_page(),
        reference / "tables.md": tables_page(ROOT),
        reference / "views.md": views_page(ROOT),
    }


def pages() -> list[Path]:
    """Give every page for people: those at the root and all of docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def shown() -> list[Path]:
    """Give the pages that are written by hand and may show commands."""
    return [each for each in pages() if each.parent.name != "reference"]
