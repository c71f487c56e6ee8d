"""Routes: which vehicle visits which stations, in which order, and how the driver gets through the day."""
