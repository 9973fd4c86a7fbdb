"""Run the register's migrations on the connection that the register hands over."""

from __future__ import annotations

from alembic import context

from pratique.store.register.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
