"""Orders and their lines: placed, cancelled, held for a while, confirmed at cut-off."""
