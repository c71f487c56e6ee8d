"""Pure decisions about an offer before it is listed."""

from __future__ import annotations

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


def terms_trouble(
    *,
    price_fen: int,
    reference_price_fen: int | None,
    reference_source: str,
    commission_fen: int | None,
    minimum_quantity: int,
    per_order_limit: int | None,
    per_cycle_limit: int | None,
    stock_limit: int | None,
) -> str:
    """Return which terms of an offer contradict each other, or nothing."""
    if reference_price_fen is not None and not reference_source:
        return "reference_price_without_source"
    if reference_price_fen is not None and reference_price_fen <= price_fen:
        return "reference_price_not_above_price"
    if commission_fen is not None and commission_fen > price_fen:
        return "commission_above_price"
    most = [limit for limit in (per_order_limit, per_cycle_limit, stock_limit) if limit is not None]
    return "minimum_above_limit" if any(minimum_quantity > limit for limit in most) else ""


def closing_trouble(closes_at: datetime, opens_at: datetime, cut_off_at: datetime) -> str:
    """Return why an offer cannot close at an instant of its own, or nothing."""
    return "" if opens_at < closes_at <= cut_off_at else "not_between_opening_and_cut_off"
