"""Intake: whatever providers say, by notice, poll or bill, ends here."""
