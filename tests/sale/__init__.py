"""Tests of the sale room."""
