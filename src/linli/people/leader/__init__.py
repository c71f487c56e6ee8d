"""Leader: who runs the stations, as a person."""
