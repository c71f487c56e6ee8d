"""Offers: what a cycle sells, at which price, how much of it, and to whom how much."""
