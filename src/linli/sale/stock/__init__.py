"""Stock: pieces taken from an offer by members and given back, never more than there are."""
