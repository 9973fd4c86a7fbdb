"""A network's commands."""
