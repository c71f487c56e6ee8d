"""Tests of the ordering room."""
