"""Deals: goods that are cheaper when they are bought together 组合, and goods that only a newcomer gets, once."""
