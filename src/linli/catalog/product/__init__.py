"""Products: what is sold, in which sizes, with pictures and the words that sell it."""
