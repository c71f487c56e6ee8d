"""Access: which role may do what, and who was given which role where."""
