"""`pratique witness`: what a witness of a log does."""
