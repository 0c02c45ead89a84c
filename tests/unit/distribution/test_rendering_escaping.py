"""What a person or an export wrote never becomes a command of the medium that shows it."""

import json
import re
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.distribution.rendering import as_markdown, lay_out, mail_of, slack_of, sms_of
from fintech_factory.distribution.rendering.escaping import gsm, mrkdwn, one_line, plain, slack_url
from fintech_factory.message import Action, Fact, Language, Link, Message, Text
from fintech_factory.values import Unit
from peers.messages import alert

NASTY = [
    "<!channel> <@U123> <https://evil.test|click>",
    "@here @channel @everyone",
    "*bold* _it_ ~no~ `code` ```block```",
    ":rotating_light:",
    "a\r\nBcc: all@evil.test",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\u202egpj.exe\u202c \u2066x\u2069 \x1b[31mred\x07",
    "{{ 7*7 }} {% if x %} ${x} {{ ''.__class__ }}",
    "\"><a href='https://evil.test'>x</a>",
    "[click](https://evil.test) # head\n# head\n> quote",
    "</mj-text><mj-raw><b>out</b></mj-raw> ]]> <!-- -->",
    "\ud800 \ufffe \x00",
]


def everywhere(text: str) -> Message:
    """Put one text wherever a text can stand."""
    said = Text.same(text)
    fact = Fact(said, text, Unit.PERCENT, note=said)
    return alert(
        subject=said,
        summary=said,
        facts=(fact, Fact(said, text, section=said)),
        next_step=said,
        runbook=Link(said, f"https://f.test/{text}"),
        links=(Link(said, f"https://f.test/?q={text}"),),
        actions=(Action("acknowledge", said, f"https://f.test/a/{text}", "tok"),),
        marks={"rule": text, "owner": text},
    )


def slack_texts(value: object) -> list[str]:
    """Give every mrkdwn text of some blocks."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for each in value.values() for text in slack_texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in slack_texts(each)]
    return []


@pytest.mark.parametrize("text", NASTY)
def test_nothing_in_slack_becomes_a_mention_a_link_or_formatting(text: str) -> None:
    said = slack_of(lay_out(everywhere(text), Language.EN))
    for each in [said.text, *slack_texts(said.blocks)]:
        # Only our own links stand in angle brackets, and they lead to us.
        for inside in re.findall(r"<(.*?)>", each):
            assert re.fullmatch(r"https://f\.test/[^\s|<>]*", inside.split("|", 1)[0])
        outside = re.sub(r"<.*?>", "", each)
        assert "<" not in outside
        assert ">" not in outside
        assert not re.search(r"@(here|channel|everyone)", outside)
        assert "`" not in outside
        assert not re.search(r":[a-z_]+:", outside)
    assert json.dumps(said.blocks)


def test_formatting_signs_of_a_name_stay_as_they_are_where_they_format_nothing() -> None:
    assert mrkdwn("par_90 is 2*3 at 12:30:45") == "par_90 is 2*3 at 12:30:45"
    assert mrkdwn("*loud*")[0] != "*"
    assert mrkdwn("a & b") == "a &amp; b"


def test_an_address_cannot_end_its_link() -> None:
    assert slack_url("https://x.test/a|b>c<d e&f") == "https://x.test/a%7Cb%3Ec%3Cd%20e&amp;f"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", NASTY)
def test_nothing_in_a_mail_becomes_a_tag_or_leads_elsewhere(text: str) -> None:
    html = mail_of(lay_out(everywhere(text), Language.EN)).html
    tags = _Tags()
    tags.feed(html)
    assert {tag for tag, _ in tags.seen} <= {
        *("html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr"),
        *("td", "a", "span", "b", "br", "p", "img"),
    }
    assert not [tag for tag, _ in tags.seen if tag == "img"]
    assert not [name for _, attributes in tags.seen for name in attributes if name.startswith("on")]
    links = [attributes["href"] or "" for tag, attributes in tags.seen if tag == "a"]
    assert links
    assert all(each.startswith("https://f.test/") for each in links)


@pytest.mark.parametrize("text", NASTY)
def test_a_subject_is_one_line_that_a_mail_takes(text: str) -> None:
    subject = mail_of(lay_out(everywhere(text), Language.EN)).subject
    mail = EmailMessage()
    mail["Subject"] = subject
    assert list(mail) == ["Subject"]
    assert len(subject) <= 200


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("language", Language)
def test_no_medium_shows_a_control_or_a_turned_direction(text: str, language: Language) -> None:
    sheet = lay_out(everywhere(text), language)
    mail = mail_of(sheet)
    blocks = json.dumps(slack_of(sheet).blocks, ensure_ascii=False)
    for each in (
        mail.subject,
        mail.text,
        mail.html,
        blocks,
        as_markdown(sheet),
        sms_of(sheet).text,
    ):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800\ufffe]", each)
        assert "49" not in each or "7*7" not in text


def test_an_address_of_another_scheme_is_left_out() -> None:
    link = Link(Text.same("run"), "javascript:alert(1)")
    action = Action("open", Text.same("go"), "data:text/html,x")
    sheet = lay_out(alert(links=(link,), runbook=link, actions=(action,)), Language.EN)
    mail = mail_of(sheet)
    blocks = json.dumps(slack_of(sheet).blocks)
    for each in (mail.text, mail.html, blocks, as_markdown(sheet), sms_of(sheet).text):
        assert "javascript:" not in each
        assert "data:text" not in each


def test_markdown_begins_no_heading_and_makes_no_link_of_a_text() -> None:
    written = as_markdown(lay_out(everywhere(NASTY[9]), Language.EN))
    assert written.count("\n# ") == 0
    assert r"\[click\](https://evil.test)" in written
    assert "](<https://evil" not in written


@given(st.text())
def test_a_plain_text_is_harmless_and_escaping_it_again_changes_nothing(text: str) -> None:
    said = plain(text)
    assert plain(said) == said
    assert "\n" not in one_line(text)
    assert json.dumps(said).encode("ascii")
    assert "<" not in mrkdwn(text)


@given(st.text())
def test_every_text_can_be_sent_in_the_gsm_alphabet(text: str) -> None:
    assert gsm(gsm(text)) == gsm(text)


def test_spanish_keeps_its_meaning_in_a_text_message() -> None:
    assert gsm("Crítico — límite de 5 % · sí, mañana…") == "Critico - limite de 5 % - si, mañana..."
