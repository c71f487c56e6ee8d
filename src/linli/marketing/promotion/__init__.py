"""Promotions as an order meets them: every kind offers its terms, guards its counters and takes back what it gave."""
