"""What a rehearsal leaves behind in the database, read as a whole."""
