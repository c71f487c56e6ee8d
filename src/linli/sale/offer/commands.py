"""Listing what a cycle sells, and changing it afterwards: checked alike, with a line of who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from linli.catalog import SkuValue, SupplyValue, best_supply, reasons_not_to_sell, sku, struck_price_proof
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.sale.cycle import store as cycles
from linli.sale.cycle.model import CycleState
from linli.sale.cycle.queries import NoSuchCycle, cycle
from linli.sale.cycle.records import Cycle
from linli.sale.offer import rules, store
from linli.sale.offer.model import OfferKind, OfferValue, ShortageRule
from linli.sale.offer.queries import NoSuchOffer, offer, value
from linli.sale.offer.records import Offer


class SkuOfferedAlready(Conflict):
    """The cycle offers this sku in an offer of this kind."""

    title = "本期已有该商品"


class CycleNotOfferable(Conflict):
    """Offers are listed only before a cycle's cut-off; facts: state."""

    title = "该团期不能再上架"


class SkuNotOfferable(Conflict):
    """The size was taken off the list, or nobody supplies it; facts: reason."""

    title = "该规格不能上架"


class GoodsIncomplete(Conflict):
    """The product lacks what its category requires before it is sold; facts: lacking."""

    title = "商品资料不全，不能上架"


class ReferencePriceUnproven(Conflict):
    """No reference price in force proves the price that is to be struck through; facts: reference_price_fen."""

    title = "划线价没有凭证"


class BelowCost(Conflict):
    """The price is below cost and no campaign bears it; facts: price_fen, cost_fen, reason."""

    title = "售价低于成本"


class TermsContradict(BadInput):
    """The terms of the offer contradict each other; facts: reason."""

    title = "上架条件矛盾"


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
    kind: str = OfferKind.NORMAL
    opens_at: datetime | None = None
    per_day_limit: int | None = None
    leader_levels: Sequence[str] = ()
    community_ids: Sequence[int] = ()


async def list_offer(tx: Tx, *, cycle_id: int, sku_id: int, price_fen: int, **terms: Any) -> int:
    """List a sku in a cycle that is not closed yet; returns the offer's id; `terms` are the fields of Terms.

    Product, category, supplier, cost and pack are copied as they are now; the cheapest supply is taken. Refuses
    NoSuchCycle, CycleNotOfferable, NoSuchSku, SkuNotOfferable, TermsContradict, BelowCost, GoodsIncomplete,
    ReferencePriceUnproven and SkuOfferedAlready.
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
    opens_at, closes_at = wanted.opens_at or cycle.opens_at, wanted.closes_at or cycle.cut_off_at
    _check(wanted, supply, cycle, (opens_at, closes_at), tx.now)
    await _check_goods(tx, wanted, cycle.delivery_date)
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
        "opens_at": opens_at,
        "closes_at": closes_at,
        "floor_fen": wanted.price_fen,
        "loss_fen": max(0, supply.price_fen - wanted.price_fen),
        "leader_levels": sorted(set(wanted.leader_levels)),
        "community_ids": sorted(set(wanted.community_ids)),
        "version": 1,
        "made_at": tx.now,
        "by": tx.by,
    }
    if not await store.add(tx, row):
        raise SkuOfferedAlready(f"the cycle offers {goods.product_name}", sku_id=sku_id)
    return offer_id


async def _check_goods(tx: Tx, wanted: Terms, delivery_date: date) -> None:
    if lacking := await reasons_not_to_sell(tx, wanted.sku_id, on=delivery_date):
        raise GoodsIncomplete(f"the category requires {', '.join(lacking)}", lacking=lacking)
    await check_struck(tx, sku_id=wanted.sku_id, struck_fen=wanted.reference_price_fen)


async def check_struck(tx: Tx, *, sku_id: int, struck_fen: int | None) -> None:
    """Refuse ReferencePriceUnproven for a struck price that no reference price in force reaches."""
    if struck_fen is not None and await struck_price_proof(tx, sku_id, struck_fen, tx.now) is None:
        raise ReferencePriceUnproven("write down a reference price first", reference_price_fen=struck_fen)


def _check(wanted: Terms, supply: SupplyValue, cycle: Cycle, slot: tuple[datetime, datetime], now: datetime) -> None:
    trouble = rules.terms_trouble(
        price_fen=wanted.price_fen,
        reference_price_fen=wanted.reference_price_fen,
        reference_source=wanted.reference_source,
        commission_fen=wanted.commission_fen,
        minimum_quantity=wanted.minimum_quantity,
        per_order_limit=wanted.per_order_limit,
        per_cycle_limit=wanted.per_cycle_limit,
        stock_limit=wanted.stock_limit,
        per_day_limit=wanted.per_day_limit,
    ) or rules.slot_trouble(*slot, (cycle.opens_at, cycle.cut_off_at), now)
    if trouble:
        raise TermsContradict(f"the terms contradict each other: {trouble}", reason=trouble)
    check_cost(wanted.price_fen, supply.price_fen, wanted.stock_limit, wanted.campaign_budget_fen)


def check_cost(price_fen: int, cost_fen: int, stock_limit: int | None, budget_fen: int | None) -> None:
    """Refuse BelowCost unless a campaign's budget bears what the whole stock can lose at this price."""
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


LISTS = ("flags", "leader_levels", "community_ids")
CHANGEABLE = frozenset({
    "price_fen", "reference_price_fen", "reference_source", "stock_limit", "minimum_quantity", "per_order_limit",
    "per_cycle_limit", "per_day_limit", "commission_bp", "commission_fen", "shortage_rule", "campaign_budget_fen",
    "opens_at", "closes_at", *LISTS,
})  # fmt: skip
CHECKED = (
    "price_fen", "reference_price_fen", "reference_source", "commission_fen", "minimum_quantity", "per_order_limit",
    "per_cycle_limit", "per_day_limit", "stock_limit",
)  # fmt: skip


class StockBelowSold(Conflict):
    """More was sold than the new limit allows; facts: sold."""

    title = "库存不能少于已售数量"


class NothingChanges(BadInput):
    """A change names no term of the offer."""

    title = "没有要修改的内容"


async def change_offer(tx: Tx, *, offer_id: int, reason: str, **terms: Any) -> OfferValue:
    """Change terms of an offer that can still be ordered; pieces ordered before keep what was agreed.

    `terms` are named as in Terms, without sku and kind. Refuses NoSuchOffer, NothingChanges, CycleNotOfferable,
    TermsContradict, StockBelowSold, ReferencePriceUnproven and BelowCost.
    """
    if not terms or not terms.keys() <= CHANGEABLE:
        raise NothingChanges("name the terms to be changed")
    row = await _locked(tx, offer_id)
    of = await cycle(tx, row.cycle_id)
    if of.state not in (CycleState.DRAFT, CycleState.OPEN) or of.cut_off_at <= tx.now:
        raise CycleNotOfferable(f"the cycle is {of.state}", state=of.state)
    given = {name: sorted(set(each)) if name in LISTS else each for name, each in terms.items()}
    after = {name: getattr(row, name) for name in CHANGEABLE} | given
    _check_change(after, row, (of.opens_at, of.cut_off_at), tx.now)
    await check_struck(tx, sku_id=row.sku_id, struck_fen=terms.get("reference_price_fen"))
    price = int(terms.get("price_fen", row.price_fen))
    floor = price if row.floor_fen == row.price_fen else min(row.floor_fen, price)
    if "commission_bp" in given or "commission_fen" in given:
        given["commission_own"] = True
    return await _change(tx, row, given | _loss(row, floor, after), reason)


async def set_stock(tx: Tx, *, offer_id: int, stock_limit: int | None) -> OfferValue:
    """Change how much of an offer there is (None: unlimited); refuses NoSuchOffer, StockBelowSold and BelowCost."""
    row = await _locked(tx, offer_id)
    _check_stock(row, stock_limit)
    check_cost(row.cost_fen - row.loss_fen, row.cost_fen, stock_limit, row.campaign_budget_fen)
    return await _change(tx, row, {"stock_limit": stock_limit}, "")


async def set_floor(tx: Tx, *, offer_id: int, floor_fen: int) -> OfferValue:
    """Say how little a piece can cost in a team or after a bargain; refuses NoSuchOffer, TermsContradict and
    BelowCost."""
    row = await _locked(tx, offer_id)
    if not 0 <= floor_fen <= row.price_fen:
        raise TermsContradict("the floor is above the price", reason="floor_above_price")
    after = {"stock_limit": row.stock_limit, "campaign_budget_fen": row.campaign_budget_fen}
    return await _change(tx, row, _loss(row, floor_fen, after), "")


async def withdraw(tx: Tx, *, offer_id: int) -> OfferValue:
    """Take an offer out of the group: nothing more is sold, what was sold stays; refuses NoSuchOffer."""
    row = await _locked(tx, offer_id)
    return value(row) if row.withdrawn else await _change(tx, row, {"withdrawn": True}, "")


async def _locked(tx: Tx, offer_id: int) -> Offer:
    row = await store.locked(tx, offer_id)
    if row is None:
        raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    return row


def _check_change(after: dict[str, Any], row: Offer, of_cycle: tuple[datetime, datetime], now: datetime) -> None:
    slot = after["opens_at"], after["closes_at"]
    trouble = rules.terms_trouble(**{name: after[name] for name in CHECKED}) or rules.slot_trouble(*slot, of_cycle, now)
    if trouble:
        raise TermsContradict(f"the terms contradict each other: {trouble}", reason=trouble)
    _check_stock(row, after["stock_limit"])


def _check_stock(row: Offer, stock_limit: int | None) -> None:
    if stock_limit is not None and stock_limit < row.sold:
        raise StockBelowSold(f"{row.sold} are sold", sold=row.sold)


def _loss(row: Offer, floor_fen: int, after: dict[str, Any]) -> dict[str, int]:
    """Return floor and greatest loss a piece; what was sold at an earlier price may have lost more and still counts."""
    loss = rules.greatest_loss(row.cost_fen, floor_fen, row.loss_fen, row.sold)
    check_cost(row.cost_fen - loss, row.cost_fen, after["stock_limit"], after["campaign_budget_fen"])
    return {"floor_fen": floor_fen, "loss_fen": loss}


async def _change(tx: Tx, row: Offer, values: dict[str, Any], reason: str) -> OfferValue:
    changed = {name: new for name, new in values.items() if getattr(row, name) != new}
    if changed:
        await store.change(tx, row.id, **changed, version=row.version + 1)
        await store.note(tx, row, changed, reason)
    return await offer(tx, row.id)
