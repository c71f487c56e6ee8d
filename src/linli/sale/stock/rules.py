"""Pure decisions about one line of a hold, and the counter's arithmetic."""

from __future__ import annotations

from datetime import datetime


def closed_because(*, on_sale: bool, withdrawn: bool, opens_at: datetime, closes_at: datetime, now: datetime) -> str:
    """Return why nothing of an offer can be taken at an instant, or nothing."""
    if withdrawn:
        return "withdrawn"
    if now >= closes_at:
        return "cut_off"
    return "" if on_sale and now >= opens_at else ("not_open" if now < opens_at else "closed")


def limit_broken(quantity: int, minimum: int, per_order: int | None, per_cycle: int | None) -> tuple[str, int] | None:
    """Return which limit a quantity breaks by itself and that limit, or None."""
    if quantity < minimum:
        return "minimum", minimum
    if per_order is not None and quantity > per_order:
        return "per_order", per_order
    if per_cycle is not None and quantity > per_cycle:
        return "per_cycle", per_cycle
    return None
