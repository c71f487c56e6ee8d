"""Handover: goods signed from driver to leader, station by station."""
