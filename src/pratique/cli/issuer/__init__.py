"""`pratique issuer` and its commands."""
