"""Fleet: the vehicles of a region, what they carry and who drives them."""
