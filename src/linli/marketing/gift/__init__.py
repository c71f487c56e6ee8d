"""Gifts 赠品: an offer of the kind gift that becomes free when a basket earns it, once per member and campaign."""
