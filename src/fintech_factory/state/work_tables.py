"""The tables of the day's work: what is due, each try of it, and who keeps it going."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from fintech_factory.state.ground import SEQUENCE, metadata
from fintech_factory.state.types import Moment

__all__ = ["heartbeat", "run_attempt", "run_step", "schedule_mark", "slot"]

# Work that is due: a schedule's slot, an export that arrived, what somebody asked for.
slot = Table(
    "slot",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("schedule", String(40), nullable=False),
    # The moment of the clock, or what names the export: the same slot is never done twice.
    Column("slot", String(120), nullable=False),
    # run, snapshot, report, deadline
    Column("does", String(16), nullable=False),
    # schedule, arrival, manual, backfill
    Column("cause", String(16), nullable=False),
    Column("parameters", JSON, nullable=False),
    # waiting, running, paused, done, failed, cancelled, coalesced
    Column("status", String(16), nullable=False),
    Column("fell_due_at", Moment, nullable=False),
    # When it is done or tried again: later than it fell due in a window, or after a failure.
    Column("due_at", Moment, nullable=False),
    # The maintenance window that it waited for.
    Column("deferred_by", String(120), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_owner", String(160), nullable=False, default=""),
    Column("lease_until", Moment),
    # Rises with each lease: who lost its lease publishes nothing.
    Column("fence", Integer, nullable=False, default=0),
    # What somebody asked of it while it runs: cancel, pause.
    Column("wanted", String(16), nullable=False, default=""),
    # Its last try.
    Column("run_id", String(64), nullable=False, default=""),
    Column("outcome", String(16), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("made_at", Moment, nullable=False),
    Column("finished_at", Moment),
    UniqueConstraint("schedule", "slot"),
    Index(None, "status", "due_at"),
)

# Up to when a schedule's slots have been put down, and whether somebody has paused it.
schedule_mark = Table(
    "schedule_mark",
    metadata,
    Column("schedule", String(40), primary_key=True),
    # The cron fields as they were then: changed ones count from now on, not backwards.
    Column("at", String(120), nullable=False),
    Column("through", Moment, nullable=False),
    Column("paused_at", Moment),
    Column("paused_by", String(120), nullable=False, default=""),
    Column("pause_reason", Text, nullable=False, default=""),
)

# Every try of a run, failed and killed ones too; what came to a result has a row in `run` as well.
run_attempt = Table(
    "run_attempt",
    metadata,
    Column("run_id", String(64), primary_key=True),
    # In which order they began: two may be of the same moment.
    Column("sequence", BigInteger, nullable=False, unique=True),
    # NULL where somebody ran it by hand.
    Column("slot", SEQUENCE, ForeignKey("slot.sequence"), index=True),
    Column("number", Integer, nullable=False, default=1),
    Column("cause", String(16), nullable=False),
    # running, published, blocked, unchanged, done, failed, cancelled, paused, handed_over, lost
    Column("status", String(16), nullable=False),
    Column("owner", String(160), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", Text, nullable=False, default=""),
    Column("hint", Text, nullable=False, default=""),
    Column("retryable", Boolean, nullable=False, default=False),
)

run_step = Table(
    "run_step",
    metadata,
    Column("run_id", String(64), ForeignKey("run_attempt.run_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(24), nullable=False),
    # running, done, unchanged, blocked, failed
    Column("status", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("milliseconds", Integer),
)

# From when to when a process kept the day going; what uptime is counted from (R101).
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("owner", String(160), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("ended_at", Moment),
)
