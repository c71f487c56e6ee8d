"""Selection 选品: what the same goods cost elsewhere, and how well a candidate fits the group."""
