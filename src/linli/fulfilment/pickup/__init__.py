"""Pickup: goods signed from leader to member, by code."""
