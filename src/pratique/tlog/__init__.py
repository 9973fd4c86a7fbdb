"""The transparency log: what was published, in an order that nobody can change unseen."""
