"""Whole days through the public API."""
