"""A told scenario, `make demo`: a network in a minute, and then the kit of examples."""
