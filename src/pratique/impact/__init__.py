"""Whom a destination's rules shut out, and what they ask of whom; before they are published. Nothing is exported here."""
