"""What a run tells the audit trail: what it published or why not, from what, by which rules."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fintech_factory.app.audit import Note

if TYPE_CHECKING:
    from fintech_factory.kpi_engine import Kpi
    from fintech_factory.kpi_engine.versions import LoggedVersion
    from fintech_factory.pipeline.committing import Committed
    from fintech_factory.warehouse.protocol import Version

__all__ = ["notes_of_run"]


def notes_of_run(
    run: "Committed",
    before: "Version | None",
    definitions: "Iterable[tuple[LoggedVersion | None, Kpi]]",
) -> list[Note]:
    """Give the entries of a run: each definition that it is the first to use, then itself.

    `before` is the version in force until now; each definition comes with the one before it.
    """
    judged, record = run.judged, run.record
    blocking = tuple(each.id for each in judged.blocking)
    note = Note(
        "run.published" if run.is_published else "run.blocked",
        run.run_id,
        before=_version(before),
        after={
            "version": run.version or (before.name if before is not None else None),
            "inputs": record.inputs,
            "as_ofs": {
                "first": record.as_ofs[0],
                "last": record.as_ofs[-1],
                "count": len(record.as_ofs),
            },
            "data_through": record.data_through,
            "batches": list(record.batch_ids),
            "readings": len(run.readings),
            "withheld": sum(each.status == "withheld" for each in run.readings),
            "reconciliation": judged.made.reconciliation.status,
            "blocking": blocking,
        },
        reason="stopped by " + ", ".join(blocking) if blocking else "",
        run=run.run_id,
        batch_hashes=tuple(each.sha256 for each in judged.made.batch.manifest.received),
    )
    return [*(_definition(was, kpi, run.run_id) for was, kpi in definitions), note]


def _version(version: "Version | None") -> dict[str, object]:
    if version is None:
        return {"version": None}
    return {"version": version.name, "inputs": version.run.inputs}


def _definition(was: "LoggedVersion | None", kpi: "Kpi", run_id: str) -> Note:
    from fintech_factory.kpi_engine.meaning import fingerprint

    before = None
    if was is not None:
        before = {"version": was.version, "sha256": fingerprint(was.meaning)}
    return Note(
        "kpi.definition",
        kpi.id,
        before=before,
        after={
            "version": kpi.version,
            "sha256": fingerprint(kpi.meaning),
            "effective_from": kpi.effective_from,
            "author": kpi.author,
        },
        reason=kpi.reason,
        run=run_id,
    )
