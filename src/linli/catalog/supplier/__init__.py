"""Suppliers: who delivers which sku, at what price, in which packs."""
