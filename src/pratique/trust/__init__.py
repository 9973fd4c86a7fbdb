"""Whom a verifier believes, for what, and until when."""
