"""Cycles: one round of ordering for one delivery date of a region, with the instants its clock gave it."""
