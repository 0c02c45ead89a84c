"""English and Spanish: the words that people read, and how figures and dates are written."""

from fintech_factory.i18n.catalogue import LANGUAGES, Words, words
from fintech_factory.i18n.figures import absent, day, figure, moment
from fintech_factory.message import Language

__all__ = ["LANGUAGES", "Language", "Words", "absent", "day", "figure", "moment", "words"]
