"""Pure decisions about an offer before it is listed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime


def below_cost_trouble(price_fen: int, cost_fen: int, stock_limit: int | None, budget_fen: int | None) -> str:
    """Return why an offer cannot be sold below cost, or nothing: a campaign must bear its whole stock."""
    if price_fen >= cost_fen:
        return ""
    if not budget_fen:
        return "no_campaign"
    if stock_limit is None:
        return "no_stock_limit"
    return "budget_too_small" if (cost_fen - price_fen) * stock_limit > budget_fen else ""


def sold_by(levels: Collection[str], communities: Collection[int], level: str, community_id: int) -> bool:
    """Tell whether a leader of a level may sell an offer in a community; none named means all."""
    return (not levels or level in levels) and (not communities or community_id in communities)


def greatest_loss(cost_fen: int, floor_fen: int, before_fen: int, sold: int) -> int:
    """Return the most that one piece can lose against its cost, now or among those that were sold before."""
    return max(0, cost_fen - floor_fen, before_fen if sold else 0)


def terms_trouble(
    *,
    price_fen: int,
    reference_price_fen: int | None,
    reference_source: str,
    commission_fen: int | None,
    minimum_quantity: int,
    per_order_limit: int | None,
    per_cycle_limit: int | None,
    per_day_limit: int | None,
    stock_limit: int | None,
) -> str:
    """Return which terms of an offer contradict each other, or nothing."""
    if reference_price_fen is not None and not reference_source:
        return "reference_price_without_source"
    if reference_price_fen is not None and reference_price_fen <= price_fen:
        return "reference_price_not_above_price"
    if commission_fen is not None and commission_fen > price_fen:
        return "commission_above_price"
    most = [limit for limit in (per_order_limit, per_cycle_limit, per_day_limit, stock_limit) if limit is not None]
    return "minimum_above_limit" if any(minimum_quantity > limit for limit in most) else ""


def slot_trouble(opens_at: datetime, closes_at: datetime, cycle: tuple[datetime, datetime], now: datetime) -> str:
    """Return why an offer cannot have a slot of its own within its cycle's opening and cut-off, or nothing."""
    cycle_opens, cut_off = cycle
    within = cycle_opens <= opens_at and max(opens_at, now) < closes_at <= cut_off
    return "" if within else "not_between_opening_and_cut_off"
