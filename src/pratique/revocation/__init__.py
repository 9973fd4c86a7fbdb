"""Which certificates their issuers took back: exact lists, deltas that only add, foreign batches."""
