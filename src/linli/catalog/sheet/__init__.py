"""Sheets: the whole catalogue in and out as Excel or CSV, every bad row named by its number."""
