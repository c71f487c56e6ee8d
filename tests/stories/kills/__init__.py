"""Real processes of one installation, started in order to be killed: workers, a web server, a PostgreSQL."""
