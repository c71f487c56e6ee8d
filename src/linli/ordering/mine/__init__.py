"""An account's own list of orders over all regions."""
