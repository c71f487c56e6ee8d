"""Remedies: what is decided about a case, who bears it, and the money that goes back."""
