"""Photos that members take of what was wrong: re-encoded, under random names, each used for one case."""
