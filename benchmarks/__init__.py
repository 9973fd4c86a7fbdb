"""Measurements: what one verification costs, and what stands in the way of less."""
