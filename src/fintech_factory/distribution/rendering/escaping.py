"""Makes a text harmless for the medium that shows it."""

import re
import unicodedata

__all__ = ["gsm", "gsm_length", "markdown", "mrkdwn", "one_line", "plain", "shortened", "slack_url"]

# Joiners that scripts and emoji need; every other invisible format sign (bidi overrides, zero
# widths, tags) could make a text read otherwise than it is written.
_JOINERS = frozenset("\u200c\u200d")
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\v\f]")

_MENTION = re.compile(r"@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_OPENING = re.compile(r"(?<!\w)[*_~](?=\S)")
_EMOJI = re.compile(r":(?=[\w+-]*[a-z][\w+-]*:)", re.IGNORECASE)
# Signs that look alike and that Slack gives no meaning.
_LOOKALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c"}

# What Markdown (CommonMark) may take for a sign of its own.
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>|~&!])")
_MARKDOWN_STARTS = re.compile(r"^(\d*)([-+#.)=]+)(?=\s|$)")

# 3GPP TS 23.038, the default alphabet and its extension (each of which counts as two).
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€")
# Dashes, quotes, dots, signs and spaces that the alphabet writes otherwise.
_GSM_TWINS = str.maketrans(
    {
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u00b7": "-",
        "\u2022": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2026": "...",
        "\u2265": ">=",
        "\u2264": "<=",
        "\u00d7": "x",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


def plain(text: str) -> str:
    """Take out what drives a terminal or turns the reading direction; all line ends become one."""
    # Printable to Python is none of what is taken out below; most texts are.
    if text.isprintable():
        return text
    unified = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    return "".join(map(_harmless, unified))


def _harmless(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return "\n" if character == "\n" else ""
        case "Cf":
            return character if character in _JOINERS else ""
        case "Cs":
            return "\ufffd"
    # U+FFFE and its like are no characters, and no XML or mail may hold them.
    return "\ufffd" if ord(character) & 0xFFFE == 0xFFFE else character  # noqa: PLR2004


def one_line(text: str) -> str:
    """Put a text on one line, so that no header or list entry can be begun in it."""
    return " ".join(plain(text).split())


def shortened(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, the last of them … where something was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def mrkdwn(text: str) -> str:
    """Escape for Slack's mrkdwn: no mention, link, emoji or formatting comes out of the text.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _MENTION.sub("@\u200b", escaped).replace("`", "\u02cb")
    escaped = _OPENING.sub(lambda found: _LOOKALIKES[found.group()], escaped)
    return _EMOJI.sub("\ua789", escaped)


def slack_url(url: str) -> str:
    """Escape an address for `<url|label>`, where | and > end it."""
    cleaned = one_line(url).replace(" ", "%20").replace("|", "%7C")
    return cleaned.replace("<", "%3C").replace(">", "%3E").replace("&", "&amp;")


def markdown(text: str) -> str:
    """Escape for a line of Markdown."""
    return _MARKDOWN_STARTS.sub(r"\1\\\2", _MARKDOWN_SIGNS.sub(r"\\\1", one_line(text)))


def gsm(text: str) -> str:
    """Write a text in the alphabet of text messages: accents it lacks go, what is unknown is ?."""
    return "".join(map(_gsm_character, one_line(text).translate(_GSM_TWINS)))


def _gsm_character(character: str) -> str:
    if character in _GSM or character in _GSM_EXTENSION:
        return character
    # á is not in the alphabet though é is; one sign outside it would halve the message's room.
    base = unicodedata.normalize("NFD", character)[0]
    return base if base in _GSM else "?"


def gsm_length(text: str) -> int:
    """Count the septets of a text in the GSM alphabet."""
    return sum(2 if each in _GSM_EXTENSION else 1 for each in text)
