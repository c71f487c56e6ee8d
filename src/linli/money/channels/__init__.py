"""Payment channels: one small interface, and the adapters and local provider that speak it."""
