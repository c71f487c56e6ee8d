"""Placing orders: one path for a single order and for all that arrive together."""
