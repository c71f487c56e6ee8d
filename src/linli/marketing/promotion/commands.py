"""How orders meet promotions: desks that are opened for a batch of orders, and what cancelled orders give back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from linli.kernel.price import Quote, Term
from linli.kernel.refusals import BadInput
from linli.marketing.promotion.model import Ask, DeliveryFee
from linli.marketing.promotion.settings import DELIVERY, DeliveryPlan
from linli.platform.database import Tx
from linli.platform.settings import value_of

P = TypeVar("P", bound="type[Promotion]")
PROMOTIONS: dict[str, Promotion] = {}


class PromotionUnknown(BadInput):
    """An order asks for a kind of promotion that there is not; facts: promotion."""

    title = "没有这种优惠"


class Desk:
    """One kind of promotion at work for one batch, with the rows that it guards locked and read.

    Orders come one after another: `terms` for its price, `check` before and `take` after it is accepted, both in
    memory; at the end `write` stores what all accepted orders took, in few statements.
    """

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the terms that hold for an order; may refuse what its orderer chose."""
        return ()

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse an order that would take more than is left (a budget, a seat) after those accepted before it."""

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note what an accepted order takes."""

    async def write(self, tx: Tx) -> None:
        """Store what all accepted orders took; the database's CHECK is the last word."""


class Promotion:
    """A kind of promotion; `name` is its key in an order's `using` and the beginning of its terms' sources."""

    name: ClassVar[str]

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Open the desk for a batch, or None when no order of it can meet this kind; locks in key order when holding,
        only reads for a quote."""
        return None

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Undo what orders took that were cancelled or not paid in time; a second time changes nothing."""


def promotion(kind: P) -> P:
    """Register a kind of promotion."""
    PROMOTIONS[kind.name] = kind()
    return kind


class _Sending(Desk):
    def __init__(self, plan: DeliveryPlan) -> None:
        self.plan = plan

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the fee of an express order, with what its province costs more."""
        if not _express(ask):
            return ()
        chosen = ask.using.get("delivery")
        province = chosen.get("province", "") if isinstance(chosen, Mapping) else ""
        more = self.plan.more_by_province.get(province, 0) if isinstance(province, str) else 0
        fee = self.plan.fee_fen + more
        free = None if more else self.plan.free_from_fen
        return (DeliveryFee(source="delivery:fee", label="运费", fee_fen=fee, free_from_fen=free),) if fee else ()


@promotion
class Delivery(Promotion):
    """The fee for sending an express order: `using` names the province, `{"delivery": {"province": "新疆"}}`."""

    name = "delivery"

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Read what sending costs when an order is to be sent."""
        return _Sending(await value_of(tx, DELIVERY)) if any(_express(ask) for ask in asks) else None


def _express(ask: Ask) -> bool:
    return any(item.kind == "express" for item in ask.items)


async def open_desks(tx: Tx, *, asks: Sequence[Ask], holding: bool) -> list[Desk]:
    """Open the desks of all kinds that these orders meet, always in the same order; refuses nothing by itself."""
    opened = [await PROMOTIONS[name].open(tx, asks, holding=holding) for name in sorted(PROMOTIONS)]
    return [desk for desk in opened if desk is not None]


def check_known(using: Iterable[str]) -> None:
    """Refuse PromotionUnknown when an order asks for a promotion that there is not."""
    for name in using:
        if name not in PROMOTIONS:
            raise PromotionUnknown(f"no promotion {name[:40]!r}", promotion=name[:40])


async def give_back(tx: Tx, *, used: Mapping[int, Iterable[str]]) -> None:
    """Undo the promotions of cancelled orders: order id → the sources of its terms."""
    orders: dict[str, list[int]] = {}
    for order_id, sources in sorted(used.items()):
        for name in sorted({source.partition(":")[0] for source in sources}):
            orders.setdefault(name, []).append(order_id)
    for name in sorted(orders):
        await PROMOTIONS[name].give_back(tx, orders[name])
