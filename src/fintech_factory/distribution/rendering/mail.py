"""Writes a message as a mail: subject, plain text and HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fintech_factory.distribution.rendering.escaping import one_line, shortened
from fintech_factory.distribution.rendering.jinja import fill
from fintech_factory.distribution.rendering.sheet import Anchor, Line, Section, Sheet

__all__ = ["COLOURS", "Mail", "mail_of", "text_of"]

# The house's tones on white: AA contrast. Their twins for dark screens stand in the template.
COLOURS = {"ok": "#0b7265", "warning": "#8f5200", "critical": "#b3203b", "info": "#1c5fc7"}
# RFC 5322 allows 998 octets a line; what is longer than this nobody's list of mails shows.
_SUBJECT = 200
_PREVIEW = 140
# A big mail program cuts HTML off after 102 KB; these keep every mail below it.
_LINES, _SECTION_LINES, _SECTIONS, _WORDS, _LABEL = 30, 25, 6, 4000, 160


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's subject (one line, not yet encoded) and its body in two forms."""

    subject: str
    text: str
    html: str


def mail_of(sheet: Sheet, *, picture: str = "", left_out: Sequence[str] = ()) -> Mail:
    """Write the mail; `picture` is the Content-ID of the chart that goes along, empty for none.

    `left_out` names attachments that are too large to go along; the mail says so.
    """
    from mrml import RenderOptions, to_html

    values = {**_values(sheet, left_out), "picture": picture}
    return Mail(
        subject=_subject(sheet),
        text=_text(values),
        # No fonts of its own: mrml would have them fetched from elsewhere, and so tell of readers.
        html=to_html(
            fill("mail.mjml.j2", **values), render_options=RenderOptions(fonts={})
        ).content,
    )


def text_of(sheet: Sheet) -> tuple[str, str]:
    """Write subject and plain text, as of a mail, for whatever shows nothing else."""
    return _subject(sheet), _text(_values(sheet, ()))


def _subject(sheet: Sheet) -> str:
    return shortened(f"[{_tag(sheet)}] {sheet.subject}", _SUBJECT)


def _text(values: Mapping[str, object]) -> str:
    return fill("mail.txt.j2", **values) + "\n"


def _values(sheet: Sheet, left_out: Sequence[str]) -> dict[str, object]:
    cut = _cut(sheet)
    return {
        "sheet": cut,
        "subject": _subject(sheet),
        "preview": shortened(one_line(sheet.summary), _PREVIEW),
        "colours": COLOURS,
        "buttons": [each for each in cut.buttons if each.url],
        "anchors": _anchors(cut),
        "more_lines": _more(sheet, len(sheet.lines), _LINES),
        "footer": _footer(cut, left_out),
    }


def _tag(sheet: Sheet) -> str:
    return f"{sheet.standing.word} · {sheet.occasion}" if sheet.occasion else sheet.standing.word


def _anchors(sheet: Sheet) -> list[Anchor]:
    runbook = sheet.runbook
    named = [Anchor(f"{sheet.phrase('runbook')}: {runbook.label}", runbook.url)] if runbook else []
    return [*named, *sheet.links]


def _footer(sheet: Sheet, left_out: Sequence[str]) -> list[str]:
    marks = " · ".join(f"{name}: {value}" for name, value in sheet.marks)
    missing = sheet.phrase("left_out", ", ".join(map(one_line, left_out))) if left_out else ""
    said = (missing, sheet.dates, marks, sheet.phrase("sent_by"))
    return [each for each in said if each]


def _cut(sheet: Sheet) -> Sheet:
    sections = [_cut_section(sheet, each) for each in sheet.sections[:_SECTIONS]]
    return replace(
        sheet,
        subject=shortened(sheet.subject, _SUBJECT),
        summary=shortened(sheet.summary, _WORDS),
        next_step=shortened(sheet.next_step, _WORDS),
        lines=tuple(map(_cut_line, sheet.lines[:_LINES])),
        sections=tuple(sections),
    )


def _cut_section(sheet: Sheet, section: Section) -> Section:
    lines = tuple(map(_cut_line, section.lines[:_SECTION_LINES]))
    return Section(section.title, lines, _more(sheet, len(section.lines), _SECTION_LINES))


def _cut_line(line: Line) -> Line:
    return replace(
        line,
        label=shortened(line.label, _LABEL),
        figure=shortened(line.figure, _LABEL),
        note=shortened(line.note, _LABEL),
    )


def _more(sheet: Sheet, count: int, shown: int) -> str:
    return sheet.phrase("more", count - shown) if count > shown else ""
