"""Listing what a cycle sells, and changing how much of it there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linli.catalog import SkuValue, SupplyValue, best_supply, sku
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.sale.cycle import store as cycles
from linli.sale.cycle.model import CycleState
from linli.sale.cycle.queries import NoSuchCycle
from linli.sale.cycle.records import Cycle
from linli.sale.offer import rules, store
from linli.sale.offer.model import OfferValue, ShortageRule
from linli.sale.offer.queries import NoSuchOffer, offer, value


class SkuOfferedAlready(Conflict):
    """The cycle offers this sku."""

    title = "本期已有该商品"


class CycleNotOfferable(Conflict):
    """Offers are listed only before a cycle's cut-off; facts: state."""

    title = "该团期不能再上架"


class SkuNotOfferable(Conflict):
    """The size was taken off the list, or nobody supplies it; facts: reason."""

    title = "该规格不能上架"


class BelowCost(Conflict):
    """The price is below cost and no campaign bears it; facts: price_fen, cost_fen, reason."""

    title = "售价低于成本"


class TermsContradict(BadInput):
    """The terms of the offer contradict each other; facts: reason."""

    title = "上架条件矛盾"


class StockBelowSold(Conflict):
    """More was sold than the new limit allows; facts: sold."""

    title = "库存不能少于已售数量"


@dataclass(frozen=True)
class Terms:
    """The terms of a new offer: fen a piece, basis points, pieces; None limits mean unlimited."""

    sku_id: int
    price_fen: int
    reference_price_fen: int | None = None
    reference_source: str = ""
    stock_limit: int | None = None
    minimum_quantity: int = 1
    per_order_limit: int | None = None
    per_cycle_limit: int | None = None
    commission_bp: int | None = None
    commission_fen: int | None = None
    shortage_rule: str = ShortageRule.PAID_TIME
    flags: Sequence[str] = ()
    campaign_budget_fen: int | None = None
    closes_at: datetime | None = None


async def list_offer(tx: Tx, *, cycle_id: int, sku_id: int, price_fen: int, **terms: Any) -> int:
    """List a sku in a cycle that is not closed yet; returns the offer's id; `terms` are the fields of Terms.

    Product, category, supplier, cost and pack are copied as they are now; the cheapest supply is taken. Refuses
    NoSuchCycle, CycleNotOfferable, NoSuchSku, SkuNotOfferable, TermsContradict, BelowCost and SkuOfferedAlready.
    """
    wanted = Terms(sku_id=sku_id, price_fen=price_fen, **terms)
    cycle = await cycles.locked(tx, cycle_id)
    if cycle is None:
        raise NoSuchCycle(f"no cycle {cycle_id}", cycle_id=cycle_id)
    if cycle.state not in (CycleState.DRAFT, CycleState.OPEN) or cycle.cut_off_at <= tx.now:
        raise CycleNotOfferable(f"the cycle is {cycle.state}", state=cycle.state)
    goods = await sku(tx, sku_id)
    supply = (await best_supply(tx, [sku_id], tx.now)).get(sku_id)
    if supply is None or not goods.active:
        raise SkuNotOfferable("the sku cannot be offered", reason="inactive" if supply else "no_supplier")
    closes_at = wanted.closes_at or cycle.cut_off_at
    _check(wanted, supply, cycle, closes_at, tx.now)
    offer_id = await tx.new_id(cycle.delivery_date)
    row = {
        **_copied(goods, supply),
        **vars(wanted),
        "region_id": tx.region_id,
        "id": offer_id,
        "cycle_id": cycle_id,
        "flags": list(dict.fromkeys(wanted.flags)),
        "commission_bp": goods.commission_bp if wanted.commission_bp is None else wanted.commission_bp,
        "commission_own": wanted.commission_bp is not None or wanted.commission_fen is not None,
        "sold": 0,
        "on_sale": cycle.state == CycleState.OPEN,
        "withdrawn": False,
        "opens_at": cycle.opens_at,
        "closes_at": closes_at,
        "made_at": tx.now,
        "by": tx.by,
    }
    if not await store.add(tx, row):
        raise SkuOfferedAlready(f"the cycle offers {goods.product_name}", sku_id=sku_id)
    return offer_id


async def set_stock(tx: Tx, *, offer_id: int, stock_limit: int | None) -> OfferValue:
    """Change how much of an offer there is (None: unlimited); refuses NoSuchOffer, StockBelowSold and BelowCost."""
    row = await store.locked(tx, offer_id)
    if row is None:
        raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    if stock_limit is not None and stock_limit < row.sold:
        raise StockBelowSold(f"{row.sold} are sold", sold=row.sold)
    _check_cost(row.price_fen, row.cost_fen, stock_limit, row.campaign_budget_fen)
    await store.change(tx, offer_id, stock_limit=stock_limit)
    return await offer(tx, offer_id)


async def withdraw(tx: Tx, *, offer_id: int) -> OfferValue:
    """Take an offer out of the group: nothing more is sold, what was sold stays; refuses NoSuchOffer."""
    row = await store.locked(tx, offer_id)
    if row is None:
        raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    if row.withdrawn:
        return value(row)
    await store.change(tx, offer_id, withdrawn=True)
    return await offer(tx, offer_id)


def _check(wanted: Terms, supply: SupplyValue, cycle: Cycle, closes_at: datetime, now: datetime) -> None:
    trouble = rules.terms_trouble(
        price_fen=wanted.price_fen,
        reference_price_fen=wanted.reference_price_fen,
        reference_source=wanted.reference_source,
        commission_fen=wanted.commission_fen,
        minimum_quantity=wanted.minimum_quantity,
        per_order_limit=wanted.per_order_limit,
        per_cycle_limit=wanted.per_cycle_limit,
        stock_limit=wanted.stock_limit,
    ) or rules.closing_trouble(closes_at, max(cycle.opens_at, now), cycle.cut_off_at)
    if trouble:
        raise TermsContradict(f"the terms contradict each other: {trouble}", reason=trouble)
    _check_cost(wanted.price_fen, supply.price_fen, wanted.stock_limit, wanted.campaign_budget_fen)


def _check_cost(price_fen: int, cost_fen: int, stock_limit: int | None, budget_fen: int | None) -> None:
    trouble = rules.below_cost_trouble(price_fen, cost_fen, stock_limit, budget_fen)
    if trouble:
        raise BelowCost(f"below cost: {trouble}", price_fen=price_fen, cost_fen=cost_fen, reason=trouble)


def _copied(goods: SkuValue, supply: SupplyValue) -> dict[str, Any]:
    return {
        "product_id": goods.product_id,
        "product_name": goods.product_name,
        "spec": goods.spec,
        "unit": goods.unit,
        "barcode": goods.barcode,
        "net_g": goods.net_g,
        "gross_g": goods.gross_g,
        "volume_ml": goods.volume_ml,
        "weighed": goods.weighed,
        "pictures": list(goods.pictures),
        "category_id": goods.category_id,
        "category_name": goods.category_name,
        "storage_class": goods.storage_class,
        "quality_window_hours": goods.quality_window_hours,
        "order_window_hours": goods.order_window_hours,
        "supplier_id": supply.supplier_id,
        "supplier_name": supply.supplier_name,
        "cost_fen": supply.price_fen,
        "pack_size": supply.pack_size,
        "minimum_packs": supply.minimum_packs,
        "capacity_per_day": supply.capacity_per_day,
    }
