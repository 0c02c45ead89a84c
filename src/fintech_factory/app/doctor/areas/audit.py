"""Looks whether the audit trail holds, and how old its last anchor outside is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, critical, note, ok, warning
from fintech_factory.errors import FactoryError, StateError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.state.audit_verdict import Verdict

__all__ = ["CHECKS", "judge_anchor", "judge_chain"]

# The head is to be taken outside every day; a week without is a hole.
_OLD = timedelta(days=7)


def _chain(ground: "Ground") -> Iterator[Diagnosis]:
    """Recompute every hash and check every signature."""
    from fintech_factory.app.audit import Audit

    ground.refuse_unread()
    if not ground.has_tables:
        # That a database is gone which there was is its own area's finding.
        yield ok("trail_new", "nothing has been written into the audit trail yet")
        return
    try:
        verdict = Audit(ground.factory, ground.database).verify()
    except StateError:
        raise
    except FactoryError as unread:
        then = f"{unread.hint}; `factory audit verify` tries again"
        raise Unseen(unread.what, then) from unread
    yield judge_chain(verdict)


def judge_chain(verdict: "Verdict") -> Diagnosis:
    """Say whether the whole chain holds."""
    if verdict.is_intact:
        said = f"its {verdict.entries} entries and {verdict.checkpoints} signatures hold"
        return ok("chain_holds", said)
    first, count = verdict.faults[0], len(verdict.faults) + verdict.more
    others = f", and {count - 1} more" if count > 1 else ""
    return critical(
        "chain_broken",
        f"the audit trail does not hold: {first.what}{others}",
        where=first.where if first.sequence is None else f"{first.where} {first.sequence}",
        then="`factory audit verify` names every entry; keep a copy of the database as it is",
    )


def _anchor(ground: "Ground") -> Iterator[Diagnosis]:
    """Ask when the head was last taken outside."""
    sql = "SELECT time FROM audit_entry WHERE action = ? ORDER BY sequence DESC LIMIT 1"
    with ground.rows() as rows:
        found = rows.query(sql, ["audit.anchored"]) if rows.has("audit_entry") else []
        begun = rows.has("audit_entry") and bool(rows.query("SELECT 1 FROM audit_entry LIMIT 1"))
    if begun:
        yield judge_anchor(datetime.fromisoformat(found[0][0]) if found else None, ground.now)
    else:
        yield ok("trail_new", "there is no head to be taken outside yet")


def judge_anchor(last: datetime | None, now: datetime) -> Diagnosis:
    """Say how long ago the head was taken outside; None if it never was."""
    then = (
        "`factory serve`, or `factory alerts deliver` each minute, sends it once a day to the"
        " receivers of audit.anchor in config/alerts.yaml"
    )
    if last is None:
        what = "the trail's head was never taken outside: whoever has this folder can rewrite all"
        return note("never_anchored", what, where="audit_entry", then=then)
    days = (now - last) / timedelta(days=1)
    if now - last > _OLD:
        what = f"the trail's head was last taken outside {days:,.0f} days ago"
        return warning("anchor_old", what, where="audit_entry", then=then)
    return ok("anchored", f"its head was taken outside {days:,.1f} days ago")


CHECKS = {"chain": _chain, "anchor": _anchor}
