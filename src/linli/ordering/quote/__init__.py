"""The price of a basket: one pure function for the screen, the order and the replay of an old order."""
