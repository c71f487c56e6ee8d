"""Taking pieces for members and giving them back: a desk that decides for a whole batch of orders under one lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from linli.kernel.calendar import local_day
from linli.kernel.refusals import BadInput, Conflict
from linli.people import clock_of
from linli.platform.database import Tx
from linli.sale.offer.model import OfferValue
from linli.sale.offer.queries import NoSuchOffer
from linli.sale.stock import rules, store
from linli.sale.stock.model import Shelf, Taker
from linli.sale.stock.queries import terms_of

LARGEST = 9_999
Held = dict[tuple[int, int], tuple[int, int]]


class SoldOut(Conflict):
    """An offer has fewer pieces left than wanted; facts: offer_id, name, wanted, left."""

    title = "库存不足"


class LimitExceeded(Conflict):
    """The quantity is below the minimum or beyond a limit; facts: offer_id, name, limit (which), pieces, taken."""

    title = "超出限购数量"


class OfferClosed(Conflict):
    """Nothing of the offer can be ordered now; facts: offer_id, name, reason."""

    title = "该商品当前不可下单"


class NotForYou(Conflict):
    """The offer is for other communities, leader levels, or newcomers only; facts: offer_id, name, reason."""

    title = "该商品不在您的可购范围"


class QuantityImpossible(BadInput):
    """A quantity is not a number of pieces from 1 to 9,999; facts: offer_id, quantity."""

    title = "数量不正确"


class NotHeld(Conflict):
    """More is given back than the member holds; facts: offer_id, pieces."""

    title = "没有可释放的占用"


class StockDesk:
    """The offers of a batch of orders, locked: checks and takes order by order in memory, then writes once."""

    def __init__(
        self, now: datetime, today: date, shelves: dict[int, Shelf], terms: dict[int, OfferValue], held: Held
    ) -> None:
        self.now, self.today = now, today
        self.offers = terms
        self._shelves = shelves
        self._held = held
        self._sold: dict[int, int] = {}
        self._changed: set[tuple[int, int]] = set()

    def left(self, offer_id: int) -> int | None:
        """Return how many pieces of an offer are left now, None for unlimited."""
        shelf = self._shelves[offer_id]
        return None if shelf.stock_limit is None else shelf.stock_limit - shelf.sold - self._sold.get(offer_id, 0)

    def check(self, taker: Taker, wanted: Mapping[int, int]) -> None:
        """Refuse what cannot be taken: QuantityImpossible, NoSuchOffer, OfferClosed, NotForYou, LimitExceeded and
        SoldOut."""
        for offer_id, quantity in wanted.items():
            if not 1 <= quantity <= LARGEST:
                raise QuantityImpossible("a quantity is 1 to 9,999 pieces", offer_id=offer_id, quantity=quantity)
            shelf = self._shelves.get(offer_id)
            if shelf is None:
                raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
            terms = self.offers[offer_id]
            if not (shelf.on_sale and not shelf.withdrawn and shelf.opens_at <= self.now < shelf.closes_at):
                raise self._closed(shelf)
            if terms.leader_levels or terms.community_ids or terms.kind == "newcomer":
                self._check_rights(taker, terms)
            self._check_limits(taker.member_id, terms, quantity)
            left = self.left(offer_id)
            if left is not None and quantity > left:
                raise SoldOut(
                    f"{max(0, left)} left", offer_id=offer_id, name=terms.product_name, wanted=quantity,
                    left=max(0, left),
                )  # fmt: skip

    def take(self, taker: Taker, wanted: Mapping[int, int]) -> None:
        """Note that a member takes pieces that were checked just now."""
        for offer_id, quantity in wanted.items():
            self._sold[offer_id] = self._sold.get(offer_id, 0) + quantity
            terms = self.offers[offer_id]
            if terms.per_cycle_limit is not None or terms.per_day_limit is not None:
                pair = (offer_id, taker.member_id)
                cycle, day = self._held.get(pair, (0, 0))
                self._held[pair] = (cycle + quantity, day + quantity)
                self._changed.add(pair)

    async def write(self, tx: Tx) -> None:
        """Store the counters of all that was taken."""
        if self._sold:
            await store.take(tx, dict(sorted(self._sold.items())))
        if self._changed:
            await store.count(tx, [self._row(pair) for pair in sorted(self._changed)])

    def _row(self, pair: tuple[int, int]) -> dict[str, object]:
        terms, (cycle, day) = self.offers[pair[0]], self._held[pair]
        return {
            "offer_id": pair[0], "member_id": pair[1], "taken": cycle, "most": terms.per_cycle_limit,
            "day": self.today, "taken_today": day, "most_today": terms.per_day_limit,
        }  # fmt: skip

    def _closed(self, shelf: Shelf) -> OfferClosed:
        name = self.offers[shelf.id].product_name
        reason = rules.closed_because(
            on_sale=shelf.on_sale, withdrawn=shelf.withdrawn, opens_at=shelf.opens_at, closes_at=shelf.closes_at,
            now=self.now,
        )  # fmt: skip
        return OfferClosed(f"nothing can be ordered: {reason}", offer_id=shelf.id, name=name, reason=reason)

    def _check_rights(self, taker: Taker, terms: OfferValue) -> None:
        reason = rules.right_missing(
            levels=terms.leader_levels, communities=terms.community_ids, level=taker.leader_level,
            community_id=taker.community_id, newcomers=terms.kind == "newcomer", paid=taker.orders_paid,
        )  # fmt: skip
        if reason:
            raise NotForYou(f"not for this {reason}", offer_id=terms.id, name=terms.product_name, reason=reason)

    def _check_limits(self, member_id: int, terms: OfferValue, quantity: int) -> None:
        broken = rules.limit_broken(quantity, terms.minimum_quantity, terms.per_order_limit, terms.per_cycle_limit)
        cycle, day = self._held.get((terms.id, member_id), (0, 0))
        if broken is None and terms.per_cycle_limit is not None and cycle + quantity > terms.per_cycle_limit:
            broken = ("per_cycle", terms.per_cycle_limit)
        if broken is None and terms.per_day_limit is not None and day + quantity > terms.per_day_limit:
            broken = ("per_day", terms.per_day_limit)
        if broken:
            which, pieces = broken
            raise LimitExceeded(
                f"the limit {which} is {pieces}", offer_id=terms.id, name=terms.product_name, limit=which,
                pieces=pieces, taken=day if which == "per_day" else cycle,
            )  # fmt: skip


async def open_stock(
    tx: Tx, *, wanted: Sequence[tuple[int, Mapping[int, int]]], timezone: str = "", lock: bool = True
) -> StockDesk:
    """Open the desk for a batch of (member, offer → pieces); locks the offers in ascending id, unless only asked.

    Limits of a day count the region's days; its time zone is asked for when it is not given.
    """
    ids = sorted({offer_id for _, basket in wanted for offer_id in basket})
    shelves = await store.shelves(tx, ids, lock=lock)
    terms = await terms_of(tx, shelves.values())
    limited = {id for id, each in terms.items() if each.per_cycle_limit is not None or each.per_day_limit is not None}
    if not limited:
        return StockDesk(tx.now, tx.now.date(), shelves, terms, {})
    today = local_day(tx.now, timezone or (await clock_of(tx)).timezone)
    pairs = sorted({(id, member) for member, basket in wanted for id in basket if id in limited})
    rows = await store.taken(tx, pairs)
    held = {pair: (cycle, taken if day == today else 0) for pair, (cycle, day, taken) in rows.items()}
    return StockDesk(tx.now, today, shelves, terms, held)


async def hold(tx: Tx, *, member_id: int, wanted: Mapping[int, int]) -> dict[int, OfferValue]:
    """Take pieces (offer id → quantity) for one member; returns the offers' terms; refuses what `check` does."""
    taker = Taker(member_id)
    basket = dict(sorted(wanted.items()))
    desk = await open_stock(tx, wanted=[(member_id, basket)])
    desk.check(taker, basket)
    desk.take(taker, basket)
    await desk.write(tx)
    return desk.offers


async def release(tx: Tx, *, given: Sequence[tuple[int, Mapping[int, int]]]) -> None:
    """Give back pieces that members hold, as (member, offer → pieces), also after cut-off.

    Refuses QuantityImpossible, NoSuchOffer and NotHeld.
    """
    pieces: dict[int, int] = {}
    by_pair: dict[tuple[int, int], int] = {}
    for member_id, basket in given:
        for offer_id, quantity in basket.items():
            if not 1 <= quantity <= LARGEST:
                raise QuantityImpossible("a quantity is 1 to 9,999 pieces", offer_id=offer_id, quantity=quantity)
            pieces[offer_id] = pieces.get(offer_id, 0) + quantity
            by_pair[offer_id, member_id] = by_pair.get((offer_id, member_id), 0) + quantity
    if not pieces:
        return
    shelves = await store.shelves(tx, sorted(pieces), lock=True)
    for offer_id in pieces.keys() - shelves.keys():
        raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    terms = await terms_of(tx, shelves.values())
    counted = {
        pair: quantity for pair, quantity in sorted(by_pair.items())
        if terms[pair[0]].per_cycle_limit is not None or terms[pair[0]].per_day_limit is not None
    }  # fmt: skip
    lacking = counted.keys() - (await store.uncount(tx, counted) if counted else set())
    back = await store.give_back(tx, dict(sorted(pieces.items())))
    for offer_id in {pair[0] for pair in lacking} | (pieces.keys() - back):
        raise NotHeld("the member does not hold as many", offer_id=offer_id, pieces=pieces[offer_id])
