"""Holding pieces for a member, and giving them back: all lines of a basket or none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.sale.offer.model import OfferValue
from linli.sale.offer.queries import NoSuchOffer, value
from linli.sale.offer.records import Offer
from linli.sale.stock import rules, store

LARGEST = 9_999


class SoldOut(Conflict):
    """An offer has fewer pieces left than wanted; facts: offer_id, name, wanted, left."""

    title = "库存不足"


class LimitExceeded(Conflict):
    """The quantity is below the minimum or beyond a limit; facts: offer_id, name, limit (which), pieces, taken."""

    title = "超出限购数量"


class OfferClosed(Conflict):
    """Nothing of the offer can be ordered now; facts: offer_id, name, reason."""

    title = "该商品当前不可下单"


class QuantityImpossible(BadInput):
    """A quantity is not a number of pieces from 1 to 9,999; facts: offer_id, quantity."""

    title = "数量不正确"


class NotHeld(Conflict):
    """More is given back than the member holds; facts: offer_id, pieces."""

    title = "没有可释放的占用"


async def hold(tx: Tx, *, member_id: int, wanted: Mapping[int, int]) -> dict[int, OfferValue]:
    """Take pieces (offer id → quantity) for a member; returns the offers as they stood before.

    Refuses QuantityImpossible, NoSuchOffer, OfferClosed, LimitExceeded and SoldOut; the transaction must then end.
    """
    basket = _basket(wanted)
    rows = await _locked(tx, basket)
    for offer_id, quantity in basket.items():
        _check(rows[offer_id], quantity, tx.now)
    sold = await store.take(tx, basket, tx.now)
    for offer_id in basket.keys() - sold:
        raise _sold_out(rows[offer_id], basket[offer_id])
    counted = await store.count(tx, member_id, basket, {id: row.per_cycle_limit for id, row in rows.items()})
    for offer_id in basket.keys() - counted:
        already = (await store.taken(tx, member_id, [offer_id])).get(offer_id, 0)
        raise _limit(rows[offer_id], "per_cycle", rows[offer_id].per_cycle_limit or 0, already)
    return {offer_id: value(row) for offer_id, row in rows.items()}


async def release(tx: Tx, *, member_id: int, given: Mapping[int, int]) -> None:
    """Give pieces back that a member holds, also after cut-off; refuses QuantityImpossible, NoSuchOffer and NotHeld."""
    basket = _basket(given)
    await _locked(tx, basket)
    held = await store.uncount(tx, member_id, basket)
    back = await store.give_back(tx, basket)
    for offer_id in basket.keys() - (held & back):
        raise NotHeld("the member does not hold as many", offer_id=offer_id, pieces=basket[offer_id])


def _basket(pieces: Mapping[int, int]) -> dict[int, int]:
    for offer_id, quantity in pieces.items():
        if not 1 <= quantity <= LARGEST:
            raise QuantityImpossible("a quantity is 1 to 9,999 pieces", offer_id=offer_id, quantity=quantity)
    return dict(sorted(pieces.items()))


async def _locked(tx: Tx, basket: Mapping[int, int]) -> dict[int, Offer]:
    rows = await store.lock_offers(tx, list(basket))
    for offer_id in basket:
        if offer_id not in rows:
            raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    return rows


def _check(row: Offer, quantity: int, now: datetime) -> None:
    reason = rules.closed_because(
        on_sale=row.on_sale, withdrawn=row.withdrawn, opens_at=row.opens_at, closes_at=row.closes_at, now=now
    )
    if reason:
        raise OfferClosed(f"nothing can be ordered: {reason}", offer_id=row.id, name=row.product_name, reason=reason)
    broken = rules.limit_broken(quantity, row.minimum_quantity, row.per_order_limit, row.per_cycle_limit)
    if broken:
        raise _limit(row, *broken, 0)
    if row.stock_limit is not None and row.sold + quantity > row.stock_limit:
        raise _sold_out(row, quantity)


def _sold_out(row: Offer, wanted: int) -> SoldOut:
    left = max(0, (row.stock_limit or 0) - row.sold)
    return SoldOut(f"{left} left", offer_id=row.id, name=row.product_name, wanted=wanted, left=left)


def _limit(row: Offer, which: str, pieces: int, taken: int) -> LimitExceeded:
    words = f"the limit {which} is {pieces}"
    return LimitExceeded(words, offer_id=row.id, name=row.product_name, limit=which, pieces=pieces, taken=taken)
