"""The checks of the house: what docs/architecture.md asks of the code, asked by machine."""
