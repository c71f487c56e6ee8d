"""Reconciliation: the providers' daily bills, compared line by line with what we know."""
