"""The issuer's register, without a name in it: SQLite by default, PostgreSQL by URL."""

from pratique.edges.register.register import Register, open_register

__all__ = ["Register", "open_register"]
