"""Every table of the operational database."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fintech_factory.state import work_tables  # noqa: F401 - declares the rest of them
from fintech_factory.state.ground import SEQUENCE, metadata
from fintech_factory.state.types import Exact, Moment

__all__ = ["metadata"]

# ---- what was computed -------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    Column("run_id", String(64), primary_key=True),
    # In which order they were committed: two may be of the same moment.
    Column("sequence", BigInteger, nullable=False, unique=True),
    # published, blocked
    Column("status", String(16), nullable=False),
    # The file of the warehouse that holds what this run published; empty when it was blocked.
    Column("version", String(80), nullable=False, default=""),
    # RunRecord as the pointer file holds it, so that a lost pointer is written again from here.
    Column("record", JSON, nullable=False),
    Column("batch_id", String(80), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("findings", JSON, nullable=False, default=list),
    Column("expected", JSON(none_as_null=True)),
    Column("started_at", Moment, nullable=False),
    # When the export was complete; what alert latency is counted from (R100).
    Column("arrived_at", Moment),
    Column("committed_at", Moment, nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("run_id", String(64), ForeignKey("run.run_id"), primary_key=True),
    Column("kpi", String(80), primary_key=True),
    Column("as_of", Date, primary_key=True),
    # Both empty for the whole book; groups of the book that a rule is scoped to are kept as well.
    Column("dimension", String(40), primary_key=True, default=""),
    Column("member", Text, primary_key=True, default=""),
    Column("data_through", Date, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("value", Exact),
    Column("limit_state", String(16)),
    Column("definition_version", Integer, nullable=False),
    Column("batch_set", String(160), nullable=False),
)

# ---- what only ever grows ----------------------------------------------------------------------

log_entry = Table(
    "log_entry",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    # findings, baselines, accuracy, definitions: each reads its own rows in order.
    Column("log", String(24), nullable=False),
    Column("body", JSON, nullable=False),
    Index(None, "log", "sequence"),
)

# ---- alerts ------------------------------------------------------------------------------------

alert = Table(
    "alert",
    metadata,
    Column("alert_id", String(24), primary_key=True),
    # rule and scope: what is the same alert when it is seen again
    Column("fingerprint", String(200), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("scope", JSON, nullable=False),
    # pending, firing, resolved, closed
    Column("status", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("value", Exact),
    Column("as_of", Date),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("acknowledged_by", String(120), nullable=False, default=""),
    Column("assignee", String(120), nullable=False, default=""),
    # When the clock alone has something to do with it: escalate, repeat, end of an acknowledgement.
    Column("due_at", Moment, index=True),
    # The pure machine's own state, whole; the columns above are what is searched by.
    Column("memory", JSON, nullable=False),
    # Whoever changes it says which state it changes: two people who act at once, one wins.
    Column("revision", Integer, nullable=False, default=1),
    Index(
        "uq_alert_live",
        "fingerprint",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

alert_transition = Table(
    "alert_transition",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("alert_id", String(24), ForeignKey("alert.alert_id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("level", String(16), nullable=False),
    Column("value", Exact),
    Column("as_of", Date),
    Column("actor", String(120), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("run_id", String(64), nullable=False, default=""),
    Column("detail", JSON, nullable=False, default=dict),
)

# A rule is judged once for each as-of date and batch set: a rerun changes nothing.
evaluation = Table(
    "evaluation",
    metadata,
    Column("fingerprint", String(200), primary_key=True),
    # The last day that the figure really speaks of: a month in progress is labelled by its end.
    Column("cut_on", Date, primary_key=True),
    Column("batch_set", String(160), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    # judged, restated, backfill, stale
    Column("said", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    # NULL where nothing is known.
    Column("level", String(16)),
    Column("value", Exact),
    Column("reason", Text, nullable=False, default=""),
)

silence = Table(
    "silence",
    metadata,
    Column("silence_id", String(24), primary_key=True),
    Column("matchers", JSON, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("ended_by", String(120), nullable=False, default=""),
)

maintenance_window = Table(
    "maintenance_window",
    metadata,
    Column("window_id", String(24), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("announced_at", Moment, nullable=False),
    Column("announced_by", String(120), nullable=False),
    # Filled where it was announced less than 24 hours ahead (R098).
    Column("override_reason", Text, nullable=False, default=""),
    Column("cancelled_at", Moment),
)

rota_override = Table(
    "rota_override",
    metadata,
    Column("override_id", String(24), primary_key=True),
    Column("rota", String(80), nullable=False),
    Column("person", String(120), nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("made_by", String(120), nullable=False),
)

# What was done about an alert without anybody: each is named, and can be taken back by its name.
response = Table(
    "response",
    metadata,
    Column("response_id", String(24), primary_key=True),
    Column("alert_id", String(24), ForeignKey("alert.alert_id"), nullable=False, index=True),
    # annotate, retry, reingest, open_case, mute_duplicate
    Column("kind", String(24), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    # How it is taken back; empty where nothing changes.
    Column("undo", Text, nullable=False, default=""),
    # NULL until it is done, which for what needs a run is later.
    Column("done_at", Moment),
    Column("outcome", Text, nullable=False, default=""),
    Column("undone_at", Moment),
    Column("undone_by", String(120), nullable=False, default=""),
    Column("undone_reason", Text, nullable=False, default=""),
)

# ---- delivery ----------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    # What is sent once: alert, transition, channel, address. The same key is never written twice.
    Column("key", String(64), nullable=False, unique=True),
    Column("channel", String(24), nullable=False),
    Column("address", String(320), nullable=False),
    Column("language", String(2), nullable=False),
    Column("thread", String(120), nullable=False),
    Column("alert_id", String(24), nullable=False, default=""),
    Column("severity", String(16), nullable=False),
    # 0 is what is sent first.
    Column("rank", Integer, nullable=False),
    Column("message", JSON, nullable=False),
    # waiting, leased, delivered, dead, unknown, dropped
    Column("status", String(16), nullable=False, default="waiting"),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("may_repeat", Boolean, nullable=False, default=False),
    Column("lease_owner", String(80), nullable=False, default=""),
    Column("lease_until", Moment),
    # Rises with each lease: who lost its lease cannot write its outcome.
    Column("fence", Integer, nullable=False, default=0),
    Column("provider_id", String(200), nullable=False, default=""),
    Column("finished_at", Moment),
    Column("reason", Text, nullable=False, default=""),
    Index(None, "status", "rank", "sequence"),
    Index(None, "thread", "channel", "address"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("outbox", SEQUENCE, ForeignKey("outbox.sequence"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    # started, accepted, deferred, refused, unknown
    Column("word", String(16), nullable=False),
    Column("provider_id", String(200), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("retry_after_s", Integer),
    UniqueConstraint("outbox", "number"),
)

# The in-app inbox: what every person can read without any vendor.
inbox_item = Table(
    "inbox_item",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("receiver", String(120), nullable=False, index=True),
    Column("message", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("read_at", Moment),
)

# ---- the audit trail ---------------------------------------------------------------------------

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
    Column("time", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    # Canonical JSON, as it went into the hash.
    Column("before", Text),
    Column("after", Text),
    Column("reason", Text, nullable=False, default=""),
    Column("run", Text, nullable=False, default=""),
    Column("batch_hashes", Text, nullable=False, default="[]"),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # Which key signs, and which settings are in force, is asked before every entry.
    Index(None, "action", "sequence"),
)

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
    Column("head", String(64), nullable=False),
    Column("time", String(32), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("signature", Text, nullable=False),
)
