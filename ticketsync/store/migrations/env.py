"""
Alembic's entry: runs on the connection and transaction that `store.schema` opened.
"""

from alembic import context

from ticketsync.store.tables.everything import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
