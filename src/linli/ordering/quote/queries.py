"""What a basket would cost now, the agreement between what was shown and what is written, and the replay of a price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from linli import marketing, people, sale
from linli.kernel.price import KINDS, Basket, Buyer, Item, Quote, Stacking, Term, price
from linli.kernel.refusals import Conflict
from linli.ordering.quote.rules import check_kinds, differences, gather
from linli.platform.database import Tx


class CycleNotOpen(Conflict):
    """Nothing can be ordered in this cycle now: it has not opened, or its cut-off has passed."""

    title = "当前不能下单"


class PriceChanged(Conflict):
    """The order would cost something else than was shown; facts: expected_fen, payable_fen, lines."""

    title = "价格有变动"


class OfferElsewhere(Conflict):
    """An offer of another cycle; one order is for one cycle."""

    title = "商品不属于本期"


class PromotionNotUsable(Conflict):
    """What the orderer chose does not apply to this basket; facts: source, reason."""

    title = "所选优惠不可用"


def check_open(cycle: sale.CycleValue, now: datetime) -> None:
    """Refuse CycleNotOpen unless orders are taken in a cycle at an instant."""
    if cycle.state != "open" or not cycle.opens_at <= now < cycle.cut_off_at:
        raise CycleNotOpen(
            "the cycle takes no orders now", state=str(cycle.state), cut_off_at=cycle.cut_off_at.isoformat()
        )


def agree(found: Quote, basket: Basket, expect_payable_fen: int | None) -> None:
    """Refuse PromotionNotUsable when something chosen does not count, PriceChanged when it costs something else."""
    if found.unused:
        asked = {term.source for term in basket.terms if term.asked}
        for source, reason in found.unused:
            if source in asked:
                raise PromotionNotUsable(f"not usable: {reason}", source=source, reason=reason)
    if expect_payable_fen is not None and found.payable_fen != expect_payable_fen:
        raise PriceChanged("the price is not what was shown", **differences(found, expect_payable_fen))


async def quote(
    tx: Tx, *, cycle_id: int, member_id: int, lines: Iterable[tuple[int, int]], using: Mapping[str, Any] | None = None
) -> tuple[Quote, Mapping[int, Any]]:
    """Price a basket of (offer, pieces) as an order of the member now would be; holds nothing; refuses what an order
    would, but tells of a chosen promotion that does not apply in `unused`."""
    marketing.check_known(using or {})
    basket = gather(lines)
    check_open(await sale.cycle(tx, cycle_id), tx.now)
    offers = await sale.offers(tx, ids=list(basket))
    for offer_id in basket:
        if offer_id not in offers or offers[offer_id].cycle_id != cycle_id:
            raise OfferElsewhere("one order is for one cycle", offer_id=str(offer_id))
    check_kinds({offer_id: offers[offer_id].kind for offer_id in basket}, standing=False)
    member = await people.member(tx, member_id)
    station = await people.station(tx, member.station_id) if member.station_id else None
    items = tuple([item_of(offers[offer_id], pieces) for offer_id, pieces in basket.items()])
    ask = marketing.Ask(
        0, member_id, station.id if station else 0, station.leader_id if station else 0, cycle_id, items,
        Buyer(member.orders_paid), using or {},
    )  # fmt: skip
    desks = await marketing.open_desks(tx, asks=[ask], holding=False)
    plain = Basket(items, ask.buyer, tx.now, tuple([term for desk in desks for term in desk.terms(ask)]))
    return price(plain._replace(stacking=await marketing.stacking(tx)) if desks else plain), offers


def item_of(offer: Any, pieces: int) -> Item:
    """Return an offer as pricing sees it."""
    return Item(offer.id, pieces, offer.price_fen, offer.category_id, str(offer.kind), offer.flags)


def as_json(basket: Basket) -> Any:
    """Return all that a price depended on, as it is stored with the order."""
    terms = [{"kind": term.kind, **msgspec.to_builtins(term)} for term in basket.terms]
    apart = sorted(basket.stacking.apart)
    return {
        "items": basket.items, "buyer": basket.buyer, "at": basket.at, "terms": terms,
        "stacking": {"most": basket.stacking.most, "apart": apart},
    }  # fmt: skip


def from_json(stored: Mapping[str, Any]) -> Basket:
    """Return the basket that was stored with an order; pricing it again gives the same fen."""
    stacking = stored["stacking"]
    return Basket(
        msgspec.convert(stored["items"], tuple[Item, ...]),
        msgspec.convert(stored["buyer"], Buyer),
        msgspec.convert(stored["at"], datetime),
        tuple(_term(dict(term)) for term in stored["terms"]),
        Stacking(stacking["most"], frozenset((one, other) for one, other in stacking["apart"])),
    )


def _term(stored: dict[str, Any]) -> Term:
    kind = KINDS[stored.pop("kind")]
    return msgspec.convert(stored, kind)
