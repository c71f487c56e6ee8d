"""Commission: what a leader earns with each collected line, and what of it goes when the line is refunded."""
