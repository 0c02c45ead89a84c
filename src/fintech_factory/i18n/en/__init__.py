"""The English catalogue."""

from fintech_factory.i18n.en.cells import CELLS
from fintech_factory.i18n.en.columns import COLUMNS
from fintech_factory.i18n.en.phrases import PHRASES
from fintech_factory.i18n.en.sentences import SENTENCES

__all__ = ["CELLS", "COLUMNS", "PHRASES", "SENTENCES"]
