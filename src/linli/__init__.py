"""Linli 邻里 runs community group buying."""
