"""A message says the same in every medium, in both languages, within each medium's limits."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from jinja2 import UndefinedError
from jinja2.sandbox import SecurityError

from fintech_factory.distribution.rendering import (
    as_json,
    as_markdown,
    lay_out,
    mail_of,
    slack_of,
    sms_of,
)
from fintech_factory.distribution.rendering.escaping import gsm_length, shortened
from fintech_factory.distribution.rendering.jinja import _environment, fill
from fintech_factory.distribution.rendering.sms import segments
from fintech_factory.message import Action, Fact, Language, Link, Message, Occasion, Text
from fintech_factory.values import Severity, Unit
from peers.messages import alert

EN, ES = Language.EN, Language.ES
LONG = "& <b> " * 2000


def huge() -> Message:
    said, part = Text.same(LONG), Text.same(LONG[:600])
    facts = [Fact(part, Decimal(10) ** 300, note=part) for _ in range(60)]
    facts += [Fact(part, LONG[:600], note=part) for _ in range(30)]
    below = [
        Fact(part, LONG[:600], note=part, section=Text.same(f"s{no // 40}")) for no in range(400)
    ]
    return alert(
        subject=said,
        summary=said,
        facts=(*facts, *below),
        next_step=said,
        links=tuple(Link(part, f"https://f.test/{no}") for no in range(30)),
        actions=tuple(Action("snooze", part, "https://f.test/a", f"t{no}") for no in range(30)),
        marks={"owner": LONG},
        chart="par_90@2025-12-10",
    )


@pytest.mark.parametrize("medium", ["slack", "text", "html", "markdown"])
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (EN, ["Critical", "PAR 90 is 5.46 %", "$6,670,123.40", "n/a", "Next step", "10 Dec 2025"]),
        (ES, ["Crítico", "PAR 90 es 5.46 %", "$6,670,123.40", "n/d", "Siguiente", "10 dic 2025"]),
    ],
)
def test_every_medium_says_everything_in_the_recipients_language(
    medium: str, language: Language, words: list[str]
) -> None:
    sheet = lay_out(alert(), language)
    mail = mail_of(sheet)
    said = {
        "slack": json.dumps(slack_of(sheet).blocks, ensure_ascii=False),
        "text": mail.text,
        "html": mail.html,
        "markdown": as_markdown(sheet),
    }[medium]
    for each in [*words, "0.31 %", "B-0007", "https://f.test/runbooks/par_90", "3 · 5 %"]:
        assert each in said.replace("&#160;", " "), each


def test_a_severity_is_an_icon_and_a_word_everywhere() -> None:
    sheet = lay_out(alert(), EN)
    assert (sheet.standing.icon, sheet.standing.word, sheet.standing.tone) == (
        "✖",
        "Critical",
        "critical",
    )
    assert "🚨 *Critical*" in json.dumps(slack_of(sheet).blocks, ensure_ascii=False)
    assert "✖&#160;Critical" in mail_of(sheet).html or "✖\u00a0Critical" in mail_of(sheet).html


@pytest.mark.parametrize(
    ("occasion", "severity", "word", "told"),
    [
        (Occasion.ALERT, Severity.WARNING, "Warning", ""),
        (Occasion.ALERT, Severity.INFO, "Information", ""),
        (Occasion.ESCALATION, Severity.CRITICAL, "Critical", "Escalated"),
        (Occasion.REPEAT, Severity.CRITICAL, "Critical", "Still open"),
        (Occasion.RESOLVED, Severity.CRITICAL, "Resolved", ""),
        (Occasion.REPORT, Severity.INFO, "Report", ""),
        (Occasion.TEST, Severity.CRITICAL, "Test", ""),
    ],
)
def test_a_headline_says_severity_and_occasion(
    occasion: Occasion, severity: Severity, word: str, told: str
) -> None:
    sheet = lay_out(alert(occasion=occasion, severity=severity), EN)
    assert (sheet.standing.word, sheet.occasion) == (word, told)
    assert sheet.standing.tone == ("ok" if word == "Resolved" else severity.value)


def test_a_message_that_may_be_a_repeat_says_so_in_every_medium() -> None:
    sheet = lay_out(alert(), EN, may_repeat=True)
    for said in (
        slack_of(sheet).blocks[1]["text"]["text"],
        mail_of(sheet).text,
        mail_of(sheet).html,
        as_markdown(sheet),
        sms_of(sheet, max_segments=2).text,
        as_json(sheet, alert())["notices"][0],
    ):
        assert "may be a repeat" in said


def test_a_figure_of_another_day_says_which() -> None:
    fact = replace(alert().facts[0], as_of=alert().as_of.replace(day=9))
    assert "9 Dec 2025" in mail_of(lay_out(alert(facts=(fact,)), EN)).text
    assert "[" not in mail_of(lay_out(alert(), EN)).text.split("Next step")[0]


def test_words_and_dates_are_details_and_no_tiles() -> None:
    facts = (
        *alert().facts,
        Fact(Text("Open since", "Abierto desde"), alert().as_of),
        Fact(Text("Owner", "Responsable"), "Head of risk"),
        Fact(Text.same("Told"), "a sentence of more than forty signs stands on a line of its own"),
    )
    sheet = lay_out(alert(facts=facts), EN)
    assert [each.label for each in sheet.figures] == ["PAR 90", "Outstanding", "Debt to equity"]
    blocks = slack_of(sheet).blocks
    fields = [each["text"] for block in blocks for each in block.get("fields", ())]
    assert len(fields) == 3
    small = [each["text"] for each in _of(blocks, "context")["elements"]]  # type: ignore[attr-defined]
    assert "Open since: 10 Dec 2025 · Owner: Head of risk" in small
    assert "• Told: *a sentence" in json.dumps(blocks, ensure_ascii=False)
    for said in (mail_of(sheet).text, mail_of(sheet).html, as_markdown(sheet)):
        assert "Head of risk" in said
        assert "of its own" in said
    html = mail_of(sheet).html
    assert html.index("$6,670,123.40") < html.index("B-0007") < html.index("of its own")


def test_dates_are_shown_however_many_links_there_are() -> None:
    links = tuple(Link(Text.same(f"l{no}"), f"https://f.test/{no}") for no in range(30))
    elements = _of(slack_of(lay_out(alert(links=links), EN)).blocks, "context")["elements"]
    assert len(elements) == 10  # type: ignore[arg-type]
    assert "As of 10 Dec 2025" in elements[-1]["text"]  # type: ignore[index]


def test_slack_keeps_slacks_limits_and_says_what_is_missing() -> None:
    said = slack_of(lay_out(huge(), EN), picture="F1")
    assert len(said.text) <= 3000
    assert len(said.blocks) <= 50
    header, status = said.blocks[0], said.blocks[1]
    assert len(header["text"]["text"]) <= 150
    assert header["text"]["text"].endswith("…")
    assert len(status["text"]["text"]) <= 3000
    for block in said.blocks:
        assert len(block.get("fields", ())) <= 10
        assert len(block.get("elements", ())) <= 25
        assert all(len(each["text"]) <= 2000 for each in block.get("fields", ()))
        if block["type"] == "section" and "text" in block:
            assert len(block["text"]["text"]) <= 3000
        if block["type"] == "context":
            assert len(block["elements"]) <= 10
            assert all(len(each["text"]) <= 3000 for each in block["elements"])
    flat = json.dumps(said.blocks)
    assert "and 40 more" in flat
    assert "more" in said.blocks[7]["text"]["text"]
    ids = [each["action_id"] for each in _of(said.blocks, "actions")["elements"]]
    assert len(ids) == len(set(ids)) == 5


def _of(blocks: tuple[object, ...], kind: str) -> dict[str, object]:
    (found,) = [each for each in blocks if each["type"] == kind]  # type: ignore[index]
    return found  # type: ignore[return-value]


def test_a_mail_stays_below_what_mail_programs_cut_and_says_what_is_missing() -> None:
    mail = mail_of(lay_out(huge(), EN))
    assert "and 60 more" in mail.text
    assert "and 15 more" in mail.text
    shorter = mail_of(lay_out(alert(), EN))
    assert len(shorter.html.encode()) < 102_000


def test_a_mail_says_what_could_not_go_along() -> None:
    sheet = lay_out(alert(chart="par_90@2025-12-10"), EN)
    assert "could not be drawn" in mail_of(sheet).html
    assert "cid:one" in mail_of(sheet, picture="one").html
    assert 'alt="Chart: PAR 90' in mail_of(sheet, picture="one").html
    assert "could not be drawn" not in mail_of(lay_out(alert(), EN)).html
    assert "pack.pdf" in mail_of(sheet, left_out=["pack.pdf"]).text


def test_a_mail_is_readable_in_both_themes() -> None:
    html = mail_of(lay_out(alert(), EN)).html
    assert 'name="color-scheme" content="light dark"' in html
    dark = html.split("prefers-color-scheme: dark", 1)[1]
    for tone in ("ok", "warning", "critical", "info"):
        assert f".{tone} {{ color" in dark
    assert 'lang="es"' in mail_of(lay_out(alert(), ES)).html


def test_buttons_stand_only_where_they_are_answered() -> None:
    sheet = lay_out(alert(), EN)
    actions = _of(slack_of(sheet).blocks, "actions")
    assert [each["value"] for each in actions["elements"]] == ["tok-1"]  # type: ignore[attr-defined]
    without = json.dumps(slack_of(sheet, buttons=False).blocks)
    assert "tok-1" not in without
    assert "<https://f.test/a?t=1|Acknowledge>" in without


def test_a_picture_in_slack_has_a_text_for_those_who_do_not_see_it() -> None:
    sheet = lay_out(alert(chart="par_90@2025-12-10"), EN)
    image = _of(slack_of(sheet, picture="F1").blocks, "image")
    assert image["slack_file"] == {"id": "F1"}
    assert image["alt_text"] == "Chart: PAR 90 is 5.46 %, above 5 %"


def test_a_text_message_takes_one_segment_and_holds_no_personal_data() -> None:
    message = alert(subject=Text.same("PAR 90 ana@bank.test +503 7777 8888 Pérez [x]"))
    said = sms_of(lay_out(message, ES))
    assert said.segments == 1
    assert gsm_length(said.text) <= 160
    for personal in ("B-0007", "ana@bank.test", "7777"):
        assert personal not in said.text
    assert said.text.startswith("CRITICO: PAR 90")
    assert said.text.endswith("https://f.test/alerts/1")


def test_a_long_subject_is_cut_and_the_cut_shows() -> None:
    said = sms_of(lay_out(alert(subject=Text.same("€" * 200)), EN))
    assert said.text.endswith("...")
    assert said.segments == 1
    assert sms_of(lay_out(alert(subject=Text.same("a" * 300)), EN), max_segments=2).segments == 2


@pytest.mark.parametrize(("length", "count"), [(160, 1), (161, 2), (306, 2), (307, 3)])
def test_a_longer_text_message_has_smaller_parts(length: int, count: int) -> None:
    assert segments("a" * length) == count


def test_json_gives_every_figure_exactly_and_as_it_is_read() -> None:
    document = as_json(lay_out(alert(), ES), alert())
    assert document["facts"][0]["value"] == "5.4612"
    assert document["facts"][0]["shown"] == "5.46 %"
    assert document["facts"][2]["value"] is None
    assert document["facts"][2]["shown"] == "n/d"
    assert document["facts"][3]["shown"] == "0.31 %"
    assert document["facts"][3]["section"] == "Qué lo movió"
    assert document["subject"] == "PAR 90 es 5.46 %, sobre 5 %"
    assert "tok-1" not in json.dumps(document)


def test_facts_of_sections_and_without_keep_their_own_figures_in_json() -> None:
    below = Fact(Text.same("b"), Decimal(2), Unit.COUNT, section=Text.same("s"))
    above = Fact(Text.same("a"), Decimal(1), Unit.COUNT)
    message = alert(facts=(below, above))
    document = as_json(lay_out(message, EN), message)
    assert [each["shown"] for each in document["facts"]] == ["2", "1"]


def test_a_template_knows_no_other_name_and_reaches_no_python() -> None:
    with pytest.raises(UndefinedError):
        fill("text.slack.j2")
    environment = _environment("txt")
    with pytest.raises(SecurityError):
        environment.from_string("{{ ''.__class__.__mro__ }}").render()
    with pytest.raises(SecurityError):
        environment.from_string("{{ items.append(1) }}").render(items=[])


def test_a_cut_shows() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
