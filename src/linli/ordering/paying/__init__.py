"""Paying for orders: charges over several orders, what a payment means for each, cash confirmed by a leader."""
