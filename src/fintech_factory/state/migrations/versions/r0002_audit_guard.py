"""The audit trail's guard: the database itself refuses to change or to remove an entry."""

from alembic import op

from fintech_factory.state.audit_guard import install_guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Guard both tables, and index what is asked before every entry."""
    op.create_index(
        op.f("ix_audit_entry_action_sequence"), "audit_entry", ["action", "sequence"], unique=False
    )
    install_guard(op.get_bind())
