"""Notices: what providers tell us unasked, kept raw, judged once."""
