"""The authority's commands."""
