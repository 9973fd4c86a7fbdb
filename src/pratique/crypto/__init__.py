"""The only room in which `cryptography` is imported."""
