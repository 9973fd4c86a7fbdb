"""Which certificates their issuers took back. Nothing is published here yet."""
