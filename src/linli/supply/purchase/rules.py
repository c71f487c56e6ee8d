"""Pure arithmetic of buying: how much of a sku is needed, and in how many packs it comes."""

from __future__ import annotations

from datetime import date

from linli.supply.purchase.model import Need


def plan(demand: int, free: int, pack_size: int, minimum_packs: int) -> Need:
    """Return what is bought for a demand: free stock first, the rest in whole packs, at least the minimum."""
    if demand < 0 or free < 0 or pack_size < 1 or minimum_packs < 0:
        raise ValueError(f"cannot plan {demand} wanted, {free} free, packs of {pack_size}, at least {minimum_packs}")
    used = min(demand, free)
    need = demand - used
    packs = max(-(-need // pack_size), minimum_packs) if need else 0
    return Need(demand, used, packs, pack_size)


def number(delivery_date: date, sequence: int) -> str:
    """Return the number a purchase order is known by to people."""
    return f"PO{delivery_date:%Y%m%d}-{sequence:05d}"
