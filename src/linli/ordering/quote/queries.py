"""What a basket would cost now, and the agreement between what was shown and what is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from linli import sale
from linli.kernel.refusals import Conflict
from linli.ordering.quote.model import Quote, Wanted
from linli.ordering.quote.rules import differences, gather, price
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


async def open_cycle(tx: Tx, cycle_id: int) -> Any:
    """Return the cycle if orders are taken in it now; refuses CycleNotOpen."""
    cycle = await sale.cycle(tx, cycle_id)
    if cycle.state != "open" or not cycle.opens_at <= tx.now < cycle.cut_off_at:
        raise CycleNotOpen(
            "the cycle takes no orders now", state=str(cycle.state), cut_off_at=cycle.cut_off_at.isoformat()
        )
    return cycle


def agreed(offers: Mapping[int, Any], basket: dict[int, int], cycle_id: int, expect_payable_fen: int | None) -> Quote:
    """Return a basket's price if it costs what was expected; refuses OfferElsewhere and PriceChanged."""
    for offer_id in basket:
        if offer_id not in offers or offers[offer_id].cycle_id != cycle_id:
            raise OfferElsewhere("one order is for one cycle", offer_id=str(offer_id))
    wanted = [Wanted(offer_id, quantity, offers[offer_id].price_fen) for offer_id, quantity in basket.items()]
    found = price(wanted)
    if expect_payable_fen is not None and found.payable_fen != expect_payable_fen:
        raise PriceChanged("the price is not what was shown", **differences(found, expect_payable_fen))
    return found


async def quote(tx: Tx, *, cycle_id: int, lines: Iterable[tuple[int, int]]) -> tuple[Quote, Mapping[int, Any]]:
    """Price a basket of (offer, pieces) as an order now would be; holds nothing; refuses what an order would."""
    basket = gather(lines)
    await open_cycle(tx, cycle_id)
    offers = await sale.offers(tx, ids=list(basket))
    return agreed(offers, basket, cycle_id, None), offers
