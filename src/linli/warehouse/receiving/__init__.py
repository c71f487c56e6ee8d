"""Receiving: what arrives is counted against the purchase order, signed, and never changed afterwards."""
