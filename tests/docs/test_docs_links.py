"""Every page can be reached, its links lead somewhere, and it speaks of no one machine."""

import re
from pathlib import Path

import pytest
from docs_pages import ROOT, pages

_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<text>.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_page_that_is_there(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    broken = [each["to"] for each in _LINK.finditer(text) if not _leads(page, each["to"])]
    assert broken == []


def _leads(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {
        (index.parent / each["to"].partition("#")[0]).resolve()
        for each in _LINK.finditer(index.read_text(encoding="utf-8"))
    }
    there = {path.resolve() for path in (ROOT / "docs").rglob("*.md")} - {index.resolve()}
    assert there - linked == set()


def test_no_page_is_about_one_machine() -> None:
    # Put together here, or this file would hold what it looks for.
    places = [f"/{name}/" for name in ("work", "tmp", "home", "root")]
    texts = {page.name: page.read_text(encoding="utf-8") for page in pages()}
    assert [name for name, text in texts.items() if any(each in text for each in places)] == []
