"""Facility files for tests: a base that is right, to be changed in one place."""

from pathlib import Path

__all__ = ["TERMS", "write_facility"]

TERMS = """\
enabled: true
name: Line
lender: Lender
borrower: Borrower
currency: USD
begins_on: 2025-01-01
commitment: [{from: 2025-01-01, amount: 2000}]
drawn: [{from: 2025-01-01, amount: 500}]
cash: [{on: 2025-03-31, amount: 100}]
advance_rate: [{from: 2025-01-01, percent: 80}]
eligibility:
  - {id: late, reason: {en: late, es: tarde}, exclude_when: dpd > 90}
covenants:
  - id: par_90
    title: {en: PAR 90, es: PAR 90}
    kpi: par_90
    direction: at_most
    triggers: [{from: 2025-01-01, warning: 4, breach: 5}]
"""


def write_facility(config: Path, text: str = TERMS, name: str = "line") -> Path:
    """Write a facility into a workspace's `config/`."""
    folder = config / "facilities"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path
