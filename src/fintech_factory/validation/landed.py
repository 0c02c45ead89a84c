"""What ingestion said of the batch in force, as findings with a name that stays."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["LANDING", "Refusal", "examine_landing", "examine_refusal"]

LANDING = "landing"
"""The check that holds what ingestion said of the batch in force."""

_SHOWN = 10
_NUMBER = re.compile(r"\d[\d,.]*")
_PLURAL = re.compile(r"s\b")


def examine_landing(findings: Iterable[Finding], owner: str) -> Examined:
    """Take the manifest's findings; the next export may have more rows of the same thing."""
    found = (Found(_landed(each), LANDING, owner, _subject(each.message)) for each in findings)
    return Examined(LANDING, tuple(found))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An export that came after the one in force, and was not fit to land."""

    batch_id: str
    arrived_at: datetime
    reasons: tuple[Finding, ...]


def examine_refusal(source: str, refusal: Refusal | None, owner: str) -> Examined:
    """Say why the latest export did not land; None is an export in force that is the latest."""
    check = f"refusal.{source}"
    if refusal is None:
        return Examined(check)
    critical = [each for each in refusal.reasons if each.severity is Severity.CRITICAL]
    said = "; ".join(f"{each.where}: {each.message}" for each in critical[:_SHOWN])
    finding = Finding(
        code="export_refused",
        severity=Severity.WARNING,
        message=f"the export that came on {refusal.arrived_at:%Y-%m-%d} was refused: {said}",
        where=source,
        hint="figures stay those of the last good export; correct it and give it again",
        rows=len(critical),
        evidence=tuple(
            {"code": each.code, "where": each.where, "message": each.message}
            for each in critical[:_SHOWN]
        ),
    )
    return Examined(check, (Found(finding, check, owner),))


def _landed(finding: Finding) -> Finding:
    """What is critical refuses an export; one that landed was let in by somebody."""
    if finding.severity is not Severity.CRITICAL:
        return finding
    return replace(finding, severity=Severity.WARNING)


def _subject(message: str) -> str:
    """Tell two findings of one code and file apart by their words, without counts and plurals."""
    return _PLURAL.sub("", _NUMBER.sub("#", message))
