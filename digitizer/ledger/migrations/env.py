"""Alembic's entry: the ledger hands over its own connection (`ledger.open_ledger`)."""

from alembic import context

from digitizer.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
