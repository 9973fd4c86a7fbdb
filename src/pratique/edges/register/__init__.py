"""The issuer's register, without a name in it: SQLite by default, PostgreSQL by URL."""

from pratique.edges.register.register import Register, open_register
from pratique.edges.register.writing import Writing

__all__ = ["Register", "Writing", "open_register"]
