"""Pure decisions about one line of a hold."""

from __future__ import annotations

from collections.abc import Collection
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


def right_missing(
    *, levels: Collection[str], communities: Collection[int], level: str, community_id: int, newcomers: bool, paid: int
) -> str:
    """Return why an offer is not for a taker ("leader_level", "community", "newcomer"), or nothing; empty rights are
    for everybody."""
    if levels and level not in levels:
        return "leader_level"
    if communities and community_id not in communities:
        return "community"
    return "newcomer" if newcomers and paid else ""
