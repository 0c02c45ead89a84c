"""The Spanish catalogue."""

from fintech_factory.i18n.es.cells import CELLS
from fintech_factory.i18n.es.columns import COLUMNS
from fintech_factory.i18n.es.findings import FINDINGS
from fintech_factory.i18n.es.phrases import PHRASES
from fintech_factory.i18n.es.sentences import SENTENCES

__all__ = ["CELLS", "COLUMNS", "FINDINGS", "PHRASES", "SENTENCES"]
