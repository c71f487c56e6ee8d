"""Gifts at work: campaigns begun and stopped, gifts taken by orders and given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from linli.kernel.price import Quote, Term
from linli.kernel.refusals import BadInput, Conflict
from linli.marketing.gift import store
from linli.marketing.gift.model import GIFT, GiftValue
from linli.marketing.gift.queries import gift
from linli.marketing.gift.records import Gift
from linli.marketing.gift.rules import term_of
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.platform.database import Tx


class GiftContradicts(BadInput):
    """A gift campaign ends before it begins."""

    title = "赠品活动设置矛盾"


class GiftNotEarned(Conflict):
    """A gift is in the basket that the basket does not earn: it is given, never sold; facts: reason, offer_ids."""

    title = "未满足赠品条件"


async def begin_gift(
    tx: Tx,
    *,
    title: str,
    threshold_fen: int,
    starts_at: datetime,
    ends_at: datetime,
    newcomers_only: bool = True,
    offer_ids: Sequence[int] = (),
) -> int:
    """Begin a gift campaign and return its id; refuses GiftContradicts."""
    if ends_at <= starts_at:
        raise GiftContradicts("the campaign ends after it begins")
    gift_id = await tx.new_id()
    row: dict[str, Any] = {
        "region_id": tx.region_id, "id": gift_id, "title": title, "threshold_fen": threshold_fen,
        "starts_at": starts_at, "ends_at": ends_at, "newcomers_only": newcomers_only, "offer_ids": list(offer_ids),
        "stopped_at": None, "made_at": tx.now, "by": tx.by,
    }  # fmt: skip
    await store.add(tx, row)
    return gift_id


async def stop_gift(tx: Tx, *, gift_id: int) -> Gift:
    """Give no more gifts of a campaign; what orders took stays theirs; refuses NoSuchGift."""
    await gift(tx, gift_id)
    await store.stop(tx, gift_id)
    return await gift(tx, gift_id)


class GiftDesk(Desk):
    """The gift campaigns that run now, and who of the batch took a gift before."""

    def __init__(self, gifts: Sequence[GiftValue], had: set[tuple[int, int]]) -> None:
        self.gifts, self.had = gifts, had
        self.takings: list[dict[str, Any]] = []

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the campaigns that a basket with a gift in it can meet."""
        if not any(item.kind == GIFT for item in ask.items):
            return ()
        return [term_of(each, had=(each.id, ask.member_id) in self.had) for each in self.gifts]

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse GiftNotEarned when a gift would have to be paid for."""
        gifts = {item.offer_id for item in ask.items if item.kind == GIFT}
        sold = [str(line.offer_id) for line in quote.lines if line.offer_id in gifts and line.payable_fen]
        if sold:
            whys = [why for source, why in quote.unused if source.startswith(f"{GIFT}:")]
            raise GiftNotEarned("a gift is given, never sold", reason=(whys or ["one_gift_only"])[0], offer_ids=sold)

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note the gift that an accepted order takes."""
        for step in quote.steps:
            name, _, number = step.source.partition(":")
            if name == GIFT:
                taking = {"gift_id": int(number), "member_id": ask.member_id, "order_id": order_id}
                self.takings.append(taking | {"worth_fen": -step.amount_fen})
                self.had.add((int(number), ask.member_id))

    async def write(self, tx: Tx) -> None:
        """Write who took which gift."""
        if self.takings:
            await store.take(tx, self.takings)


@promotion
class GiftPromotion(Promotion):
    """Gifts that baskets earn by what else is in them."""

    name = GIFT

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Read (and lock, when holding) the campaigns that run, when a basket of the batch holds a gift."""
        members = {ask.member_id for ask in asks if any(item.kind == GIFT for item in ask.items)}
        if not members:
            return None
        gifts = await store.running(tx, lock=holding)
        return GiftDesk(gifts, await store.taken(tx, [each.id for each in gifts], members))

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Let the members of cancelled orders take their gift again."""
        await store.give_back(tx, order_ids)
