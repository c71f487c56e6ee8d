"""Shipping: the provider keeps a mini program's money frozen until it is told that the goods were handed over."""
