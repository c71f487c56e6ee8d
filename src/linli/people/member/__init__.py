"""Member: the neighbours who buy, with and without an account, and the stations they are bound to."""
