"""What happens to the lines of a paid order: short, refunded, handed over."""
