"""The gateway's migrations, run by alembic. Each is add-only."""
