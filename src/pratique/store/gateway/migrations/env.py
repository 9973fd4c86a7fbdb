"""Run the gateway's migrations on the connection that its store hands over."""

from __future__ import annotations

from alembic import context

from pratique.store.gateway.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
