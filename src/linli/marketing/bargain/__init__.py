"""Bargains 砍价: a member asks neighbours to cut the price of an offer, help by help, down to its floor."""
