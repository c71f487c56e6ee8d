"""The night of a cycle: demand is frozen, goods are bought, purchase orders go out; each step once, whatever fails."""
