"""Parcels: what suppliers send to members' doors themselves (express), and its receipt."""
