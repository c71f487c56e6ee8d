"""Drafts of orders from a pasted 接龙: a person confirms, a grown chain adds only what is new."""
