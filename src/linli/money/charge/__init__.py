"""Charges: what members owe for orders, and the attempts to be paid it."""
