"""Stories of what happens to people, told through the whole application."""
