"""A document of headings, texts and tables, written as Markdown or as HTML."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Block", "Document", "Grid", "Heading", "Lines", "Paragraph"]

# What Markdown (CommonMark) may take for a sign of its own; a borrower's name must not be one.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~&])")
_STARTS = re.compile(r"^(\d*)([-+#.)]+)(?=\s)")
_TO_SIGN = r"\_" * 40
_RIGHT = ' class="r"'


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the first, second or third level."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text of its own."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: column names, rows of texts, and which columns are figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines to sign on, each with its label."""

    labels: Sequence[str]


Block = Heading | Paragraph | Grid | Lines


@dataclass(frozen=True, slots=True)
class Document:
    """A titled row of blocks; `language` is en or es. Every text is written as it is, escaped."""

    title: str
    language: str
    blocks: Sequence[Block]

    def as_markdown(self) -> str:
        """Give the document as one Markdown text."""
        parts = [f"# {_plain(self.title)}", *(_markdown(each) for each in self.blocks)]
        return "\n\n".join(parts) + "\n"

    def as_html(self) -> str:
        """Give the document as one HTML page that needs nothing beside itself."""
        body = "\n".join(_html(each) for each in self.blocks)
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="{html.escape(self.language)}">\n<head>\n'
            f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
            f"<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
        )


_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;color:#11151d;background:#fff;margin:0}"
    "main{max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:22px}h2{font-size:16px;margin-top:2rem}h3{font-size:14px}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{border-bottom:1px solid #e4e7ed;padding:4px 8px;text-align:left;vertical-align:top}"
    ".r{text-align:right}.sign{margin-top:3rem;border-top:1px solid #11151d;max-width:24rem}"
    "@media print{main{margin:0}}"
)


def _plain(text: str) -> str:
    return _STARTS.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", _one_line(text)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_plain(text)}"
        case Paragraph(text, strong):
            return f"**{_plain(text)}**" if strong else _plain(text)
        case Grid():
            return "\n".join(_markdown_rows(block))
    return "\n\n".join(f"{_plain(label)}: {_TO_SIGN}" for label in block.labels)


def _markdown_rows(grid: Grid) -> Iterator[str]:
    yield f"| {' | '.join(map(_plain, grid.columns))} |"
    rules = ("---:" if no in grid.right else "---" for no in range(len(grid.columns)))
    yield f"| {' | '.join(rules)} |"
    for row in grid.rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{html.escape(text)}</h{level}>"
        case Paragraph(text, strong):
            inner = html.escape(text)
            return f"<p><strong>{inner}</strong></p>" if strong else f"<p>{inner}</p>"
        case Grid():
            head = _html_row(block, block.columns, "th")
            rows = "\n".join(_html_row(block, row, "td") for row in block.rows)
            return f"<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    return "\n".join(f'<p class="sign">{html.escape(label)}</p>' for label in block.labels)


def _html_row(grid: Grid, cells: Sequence[str], tag: str) -> str:
    written = (
        f"<{tag}{_RIGHT if no in grid.right else ''}>{html.escape(cell)}</{tag}>"
        for no, cell in enumerate(cells)
    )
    return f"<tr>{''.join(written)}</tr>"
