"""Community: regions with their clock, communities and stations."""
