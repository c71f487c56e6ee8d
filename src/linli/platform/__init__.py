"""The platform: database, outbox, jobs, web, settings, files and telemetry, on which every room stands."""
