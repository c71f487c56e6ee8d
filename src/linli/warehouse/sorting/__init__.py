"""Sorting: a wave per cycle, totes per station and storage class, a task per sku, scanned piece by piece."""
