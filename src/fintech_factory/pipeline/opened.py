"""A reading opened: everything that lets a person defend it."""

from dataclasses import dataclass
from typing import Any

from fintech_factory.ingestion.landing.manifest import Manifest
from fintech_factory.kpi_engine import Explanation, Reading
from fintech_factory.warehouse.protocol import Reader

__all__ = ["Opened", "open_rows"]

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Opened:
    """An explanation with its largest rows by KPI, the second engine's figure and the batch.

    `second` is None where the figure does not come from the book: no engine can check it.
    """

    explanation: Explanation
    rows: Rows
    second: Reading | None
    batch: Manifest

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory kpi explain --json`."""
        return {
            **self.explanation.as_json(),
            "rows": self.rows,
            "second_engine": self._second_as_json(),
            "batches": [
                {
                    "batch_id": self.batch.batch_id,
                    "files": [
                        {"table": file.table, "rows": file.rows, "sha256": file.sha256}
                        for file in self.batch.files
                    ],
                }
            ],
        }

    def _second_as_json(self) -> dict[str, Any] | None:
        second = self.second
        if second is None:
            return None
        figures = {"value": second.value, "part": second.part, "whole": second.whole}
        said = {name: None if it is None else format(it, "f") for name, it in figures.items()}
        return {**said, "agrees": self.agrees}

    @property
    def agrees(self) -> bool | None:
        """Whether the second engine, run now, gives exactly the reading's unrounded value."""
        if self.second is None:
            return None
        return self.second.raw_value == self.explanation.reading.raw_value


def open_rows(reader: Reader, explanation: Explanation) -> Rows:
    """Read the rows that weigh most in a KPI, or in each KPI that its formula is made of."""
    rows: Rows = {}
    for each in explanation.inputs:
        rows |= open_rows(reader, each)
    query = explanation.rows_query
    if query is not None:
        rows[query.kpi] = query.as_rows(reader.query(query.sql, query.params))
    return rows
