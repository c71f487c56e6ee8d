"""Categories: the tree of goods, with the rates, windows and storage that goods of a kind share."""
