"""By which rules a destination recognises certificates. Nothing is published here yet."""
