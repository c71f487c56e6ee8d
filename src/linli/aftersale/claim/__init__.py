"""Claims: how many pieces and fen of an order line are asked back or were given back, so that nothing is twice."""
