"""Assets: the pictures and short videos that sell goods, kept under random names."""
