"""Demand: what a cycle's paid orders want, frozen after cut-off and never changed."""
