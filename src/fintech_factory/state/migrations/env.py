"""Runs the revisions on the connection that the caller lends, within its transaction."""

from alembic import context

from fintech_factory.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a table in place; a revision that must copies it.
    render_as_batch=True,
)
context.run_migrations()
