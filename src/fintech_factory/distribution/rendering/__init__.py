"""From a `Message` to what a medium shows: Slack blocks, a mail, a page, a file, JSON.

Pure: no clock, no network, no file beside the package's own templates. Everything that a person or
an export wrote is escaped for its medium, and what exceeds a medium's limits is cut where it shows.
"""

from fintech_factory.distribution.rendering.files import as_json, as_markdown
from fintech_factory.distribution.rendering.mail import Mail, mail_of, text_of
from fintech_factory.distribution.rendering.notion import NotionPage, entry_of, notion_of
from fintech_factory.distribution.rendering.sheet import Sheet, lay_out
from fintech_factory.distribution.rendering.slack import SlackMessage, slack_of
from fintech_factory.distribution.rendering.sms import Sms, sms_of

__all__ = [
    "Mail",
    "NotionPage",
    "Sheet",
    "SlackMessage",
    "Sms",
    "as_json",
    "as_markdown",
    "entry_of",
    "lay_out",
    "mail_of",
    "notion_of",
    "slack_of",
    "sms_of",
    "text_of",
]
