"""The gate: opens and closes a cycle together with everything it offers, by the clock or by hand."""
