"""The entries: web server, worker, clock and command line, where everything is put together."""
