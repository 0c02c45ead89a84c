"""The day's work: slots, every try of a run with its steps, and heartbeats."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the day's work."""
    op.create_table(
        "heartbeat",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("owner", sa.String(length=160), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_heartbeat")),
    )
    op.create_index(op.f("ix_heartbeat_seen_at"), "heartbeat", ["seen_at"], unique=False)
    op.create_table(
        "schedule_mark",
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=120), nullable=False),
        sa.Column("through", sa.String(32), nullable=False),
        sa.Column("paused_at", sa.String(32), nullable=True),
        sa.Column("paused_by", sa.String(length=120), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_schedule_mark")),
    )
    op.create_table(
        "slot",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=120), nullable=False),
        sa.Column("does", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("fell_due_at", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("deferred_by", sa.String(length=120), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=160), nullable=False),
        sa.Column("lease_until", sa.String(32), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_slot")),
        sa.UniqueConstraint("schedule", "slot", name=op.f("uq_slot_schedule_slot")),
    )
    op.create_index(op.f("ix_slot_status_due_at"), "slot", ["status", "due_at"], unique=False)
    op.create_table(
        "run_attempt",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=160), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["slot"], ["slot.sequence"], name=op.f("fk_run_attempt_slot")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_attempt")),
        sa.UniqueConstraint("sequence", name=op.f("uq_run_attempt_sequence")),
    )
    op.create_index(op.f("ix_run_attempt_slot"), "run_attempt", ["slot"], unique=False)
    op.create_table(
        "run_step",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run_attempt.run_id"], name=op.f("fk_run_step_run_id")
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_run_step")),
    )
