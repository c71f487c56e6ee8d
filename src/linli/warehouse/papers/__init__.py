"""Papers of a cycle: sorting list, station lists and labels, all printed from the same lines."""
