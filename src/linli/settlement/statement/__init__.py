"""Statements: once a week what was earned becomes available to the leader."""
