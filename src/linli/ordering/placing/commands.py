"""Placing: a batch of orders is decided one by one under one lock, and written at once; a single order is a batch of
one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import json

from linli import marketing, people, sale
from linli.kernel.ids import day_of
from linli.kernel.price import Basket, Buyer, price
from linli.kernel.refusals import BadInput, Conflict, NotFound, Refusal
from linli.ordering.order.events import OrderPlaced
from linli.ordering.order.model import ORDER, STATE_WORDS, OrderValue, Payment
from linli.ordering.order.queries import order
from linli.ordering.order.rules import draw_code
from linli.ordering.placing import store
from linli.ordering.placing.model import PlacedOrder, Placement
from linli.ordering.quote.queries import OfferElsewhere, agree, as_json, check_open, item_of
from linli.ordering.quote.rules import EXPRESS, check_kinds, gather
from linli.platform.database import Tx
from linli.platform.outbox import write_facts_by

DRAWS = 30


class StationNotServing(Conflict):
    """The pickup station takes no orders."""

    title = "自提点暂停接单"


class StationNotChosen(Conflict):
    """The member belongs to no station yet and named none."""

    title = "请先选择自提点"


class StationNotYours(NotFound):
    """The leader has no such station."""

    title = "没有这个自提点"


class NeighbourElsewhere(NotFound):
    """The station has no such member."""

    title = "本站没有这位邻居"


class NeighbourUnclear(BadInput):
    """It is not said, or said twice, for whom the order is."""

    title = "请选择一位邻居"


class OrdererUnknown(NotFound):
    """There is no such member, station or cycle in this region; facts: what."""

    title = "找不到会员、自提点或团期"


class AddressMissing(BadInput):
    """An express order says where it is sent to."""

    title = "请填写收货地址"


class TooDear(Conflict):
    """The order would come to more than whoever wants it allows; facts: most_fen, payable_fen."""

    title = "价格高于上限"


class NoFreeCode(Conflict):
    """No free pickup code was drawn; the station has far too many open orders."""

    title = "提货码用尽，请重试"


async def place(tx: Tx, *, placement: Placement) -> OrderValue:
    """Place one order in this transaction, all or nothing; refuses what `place_many` answers with."""
    (placed,) = await place_many(tx, placements=[placement])
    if isinstance(placed, Refusal):
        raise placed
    return await order(tx, placed.id)


async def place_for_neighbour(
    tx: Tx,
    *,
    leader_id: int,
    station_id: int,
    cycle_id: int,
    lines: Iterable[tuple[int, int]],
    member_id: int | None = None,
    nickname: str | None = None,
    place_of: str = "",
    expect_payable_fen: int | None = None,
    payer: str = "",
    note: str = "",
) -> OrderValue:
    """Place an order that a leader takes for a neighbour (代下单) at the leader's own station; it is paid in person.

    The neighbour is a member of the station, or is found or added by name and place. Refuses StationNotYours,
    NeighbourUnclear, NeighbourElsewhere and what `place` refuses.
    """
    station = await people.station(tx, station_id)
    if station.leader_id != leader_id:
        raise StationNotYours(f"no station {station_id} of yours")
    if (member_id is None) == (nickname is None):
        raise NeighbourUnclear("name a member, or a neighbour by nickname and place")
    if member_id is None:
        member_id = await people.find_or_add_neighbour(
            tx, station_id=station_id, nickname=nickname or "", place=place_of
        )
    elif (await people.member(tx, member_id)).station_id != station_id:
        raise NeighbourElsewhere(f"no member {member_id} at this station")
    wanted = Placement(
        member_id, cycle_id, tuple(lines), tx.by, station_id=station_id, expect_payable_fen=expect_payable_fen,
        by_leader=leader_id, payer=payer or nickname or "本人", note=note, payment=Payment.OFFLINE,
    )  # fmt: skip
    return await place(tx, placement=wanted)


async def place_many(tx: Tx, *, placements: Sequence[Placement]) -> list[PlacedOrder | Refusal]:
    """Place a batch of orders of one region, each wholly or not at all: limits, stock, promotions, order and facts.

    Orders are decided in their turn. A refused one gets its Refusal and leaves nothing: CycleNotOpen,
    StationNotServing, StationNotChosen, OrdererUnknown, OfferElsewhere, OnlyStanding, OfferMix, AddressMissing,
    PriceChanged, TooDear, PromotionNotUsable, and what baskets, stock and promotions refuse.
    """
    batch = _Batch(tx, placements)
    await batch.open()
    decided = [batch.decide(at) for at in range(len(placements))]
    await batch.write([one for one in decided if isinstance(one, PlacedOrder)])
    return [batch.placed.get(one.id, one) if isinstance(one, PlacedOrder) else one for one in decided]


async def place_gathered(tx: Tx, *, wishes: Sequence[Placement]) -> list[bytes | Refusal]:
    """Place orders that arrived together, and return each one's encoded answer or refusal."""
    answers: list[bytes | Refusal] = []
    for placed in await place_many(tx, placements=wishes):
        answers.append(placed if isinstance(placed, Refusal) else json.encode(as_answer(tx, placed=placed)))
    return answers


def as_answer(tx: Tx, *, placed: PlacedOrder) -> dict[str, Any]:
    """Return what the orderer is told of an order just placed."""
    wanted, quote, cycle = placed.placement, placed.quote, placed.cycle
    return {
        "id": str(placed.id), "cycle_id": str(wanted.cycle_id), "station_id": str(placed.station_id),
        "state": ORDER.initial, "state_words": STATE_WORDS[ORDER.initial], "serial": placed.serial,
        "payment": wanted.payment, "goods_fen": quote.goods_fen,
        "fee_fen": quote.fee_fen, "payable_fen": quote.payable_fen, "points": quote.points,
        "discounts": [step._asdict() for step in quote.steps], "placed_at": tx.now, "hold_until": placed.hold_until,
        "pay_within_seconds": max(0, int((placed.hold_until - tx.now).total_seconds())),
        "cut_off_at": cycle.cut_off_at, "cut_off_in_seconds": max(0, int((cycle.cut_off_at - tx.now).total_seconds())),
        "promised_from": cycle.promised_from,
        "lines": [
            {
                "id": str(line_id), "offer_id": str(line.offer_id), "name": offer.product_name, "spec": offer.spec,
                "unit": offer.unit, "quantity": line.quantity, "unit_price_fen": line.unit_price_fen,
                "payable_fen": line.payable_fen,
            }
            for line_id, line, offer in zip(placed.line_ids, quote.lines, placed.offers, strict=True)
        ],
    }  # fmt: skip


class _Batch:
    """What a batch of orders needs to know, read and locked once for all of them."""

    def __init__(self, tx: Tx, placements: Sequence[Placement]) -> None:
        self.tx = tx
        self.placements = placements
        self.refused: dict[int, Refusal] = {}
        self.baskets: dict[int, dict[int, int]] = {}
        self.takers: dict[int, Any] = {}
        self.stations: dict[int, Any] = {}
        self.asks: dict[int, marketing.Ask] = {}
        self.placed: dict[int, PlacedOrder] = {}

    async def open(self) -> None:
        """Read members, stations and cycles, lock what is wanted in its order, and see what each order asks for."""
        tx = self.tx
        for at, wanted in enumerate(self.placements):
            with _Noting(self.refused, at):
                marketing.check_known(wanted.using)
                self.baskets[at] = gather(wanted.lines)
        self.members = await people.members(tx, {wanted.member_id for wanted in self.placements})
        self.all_stations = await people.stations(tx, {id for id in map(self._station_id, self.placements) if id})
        self.cycles = await sale.cycles_by_id(tx, {wanted.cycle_id for wanted in self.placements})
        self.holds = {id: sale.hold_until(cycle, tx.now) for id, cycle in self.cycles.items()}
        self.stock = await sale.open_stock(
            tx,
            wanted=[(self.placements[at].member_id, basket) for at, basket in self.baskets.items()],
            timezone=next((cycle.timezone for cycle in self.cycles.values()), ""),
        )
        ranked = any(offer.leader_levels for offer in self.stock.offers.values())
        self.leaders = await people.leaders(tx, {s.leader_id for s in self.all_stations.values()}) if ranked else {}
        for at in list(self.baskets):
            with _Noting(self.refused, at):
                self._look(at)
        self.desks = await marketing.open_desks(tx, asks=list(self.asks.values()), holding=True)
        self.stacking = await marketing.stacking(tx) if self.desks else None
        wanted_ids: dict[Any, int] = {}
        for at in self.asks:
            day = day_of(self.placements[at].cycle_id)
            wanted_ids[day] = wanted_ids.get(day, 0) + 1 + len(self.baskets[at])
        self.ids = {day: iter(await tx.new_ids(count, day)) for day, count in wanted_ids.items()}

    def _station_id(self, wanted: Placement) -> int | None:
        member = self.members.get(wanted.member_id)
        return wanted.station_id or (member.station_id if member else None)

    def _look(self, at: int) -> None:
        """Check who orders where, and put the basket as pricing sees it."""
        wanted, basket = self.placements[at], self.baskets[at]
        cycle = self.cycles.get(wanted.cycle_id)
        if cycle is None:
            raise sale.NoSuchCycle(f"no cycle {wanted.cycle_id}", cycle_id=wanted.cycle_id)
        check_open(cycle, self.tx.now)
        member = self.members.get(wanted.member_id)
        if member is None:
            raise OrdererUnknown("no such member", what="member")
        station_id = self._station_id(wanted)
        if station_id is None:
            raise StationNotChosen("choose a station first")
        station = self.all_stations.get(station_id)
        if station is None:
            raise people.NoSuchStation(f"no station {station_id}")
        if not station.active or not sale.covers(cycle, station_id):
            raise StationNotServing("the station takes no orders of this cycle", station_id=str(station_id))
        level = self.leaders[station.leader_id].level if station.leader_id in self.leaders else ""
        self.takers[at] = taker = sale.Taker(member.id, member.orders_paid, station.community_id, level)
        self.stock.check(taker, basket)  # a hopeless order asks no promotion; it is checked again in its turn
        offers = self.stock.offers
        for offer_id in basket:
            if offers[offer_id].cycle_id != wanted.cycle_id:
                raise OfferElsewhere("one order is for one cycle", offer_id=str(offer_id))
        check_kinds({id: offers[id].kind for id in basket}, standing=wanted.standing)
        if self._express(basket) and wanted.address is None:
            raise AddressMissing("say where it is sent to")
        self.stations[at] = station
        self.asks[at] = marketing.Ask(
            at=at, member_id=member.id, station_id=station_id, leader_id=station.leader_id, cycle_id=wanted.cycle_id,
            items=tuple([item_of(offers[id], pieces) for id, pieces in basket.items()]),
            buyer=Buyer(member.orders_paid), using=wanted.using,
        )  # fmt: skip

    def _express(self, basket: Mapping[int, int]) -> bool:
        return any(self.stock.offers[id].kind == EXPRESS for id in basket)

    def decide(self, at: int) -> PlacedOrder | Refusal:
        """Accept or refuse an order in its turn, after those that were accepted before it."""
        if at in self.refused:
            return self.refused[at]
        try:
            return self._accept(at, self.placements[at], self.asks[at])
        except Refusal as refusal:
            return refusal

    def _accept(self, at: int, wanted: Placement, ask: marketing.Ask) -> PlacedOrder:
        basket, taker = self.baskets[at], self.takers[at]
        self.stock.check(taker, basket)
        terms = [term for desk in self.desks for term in desk.terms(ask)]
        plain = Basket(ask.items, ask.buyer, self.tx.now)
        if terms and self.stacking is not None:
            plain = plain._replace(terms=tuple(terms), stacking=self.stacking)
        quote = price(plain)
        agree(quote, plain, wanted.expect_payable_fen)
        if wanted.most_fen is not None and quote.payable_fen > wanted.most_fen:
            raise TooDear("more than is allowed", most_fen=wanted.most_fen, payable_fen=quote.payable_fen)
        for desk in self.desks:
            desk.check(ask, quote)
        day = day_of(wanted.cycle_id)
        order_id, *line_ids = [next(self.ids[day]) for _ in range(1 + len(basket))]
        self.stock.take(taker, basket)
        for desk in self.desks:
            desk.take(ask, order_id, quote)
        cycle, offline = self.cycles[wanted.cycle_id], wanted.payment == Payment.OFFLINE
        until = wanted.hold_until or (cycle.grace_until if offline else self.holds[cycle.id])
        return PlacedOrder(
            order_id, tuple(line_ids), wanted, ask.station_id, ask.leader_id, quote, until,
            draw_code(secrets.randbelow(1_000_000)), None, as_json(plain) if quote.steps else None,
            tuple([self.stock.offers[line.offer_id] for line in quote.lines]), cycle,
        )  # fmt: skip

    async def write(self, accepted: Sequence[PlacedOrder]) -> None:
        """Write all that was accepted: counters, serial numbers, orders, lines, promotions and facts."""
        if not accepted:
            return
        await self.stock.write(self.tx)
        numbered = await self._number(accepted)
        self.placed = {one.id: one for one in await self._insert(numbered)}
        placed = list(self.placed.values())
        offers = {offer.id: offer for one in placed for offer in one.offers}
        await store.insert_lines(self.tx, [row for one in placed for row in _line_rows(one)], offers.values())
        sent = [
            {"order_id": one.id, **one.placement.address}
            for one in placed if one.placement.address and one.offers[0].kind == EXPRESS
        ]  # fmt: skip
        if sent:
            await store.insert_addresses(self.tx, sent)
        for desk in self.desks:
            await desk.write(self.tx)
        await write_facts_by(self.tx, [(_fact(one), one.placement.by) for one in placed])

    async def _number(self, accepted: Sequence[PlacedOrder]) -> list[PlacedOrder]:
        """Give serial numbers to orders that are paid in person; the others get theirs when they are paid."""
        counts: dict[tuple[int, int], int] = {}
        for one in accepted:
            if one.placement.payment == Payment.OFFLINE:
                key = (one.placement.cycle_id, one.station_id)
                counts[key] = counts.get(key, 0) + 1
        if not counts:
            return list(accepted)
        last = await store.take_serials(self.tx, counts)
        following = {key: last[key] - count for key, count in counts.items()}
        numbered = []
        for one in accepted:
            key = (one.placement.cycle_id, one.station_id)
            if one.placement.payment == Payment.OFFLINE:
                following[key] += 1
                numbered.append(one._replace(serial=following[key]))
            else:
                numbered.append(one)
        return numbered

    async def _insert(self, placed: Sequence[PlacedOrder]) -> list[PlacedOrder]:
        """Insert orders with a pickup code that is free at their station; draws again where it was taken."""
        written: list[PlacedOrder] = []
        left = list(placed)
        for _ in range(DRAWS):
            done = await store.insert_orders(self.tx, str(ORDER.initial), [_order_row(one) for one in left])
            written += [one for one in left if one.id in done]
            left = [
                one._replace(pickup_code=draw_code(secrets.randbelow(1_000_000))) for one in left if one.id not in done
            ]
            if not left:
                return sorted(written, key=lambda one: one.id)
        raise NoFreeCode("no free pickup code was drawn")


class _Noting:
    """Notes a refusal under an order's turn instead of ending the batch."""

    def __init__(self, refused: dict[int, Refusal], at: int) -> None:
        self.refused, self.at = refused, at

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, Refusal):
            self.refused[self.at] = error
            return True
        return False


def _order_row(one: PlacedOrder) -> dict[str, Any]:
    wanted, quote = one.placement, one.quote
    return {
        "biz_date": day_of(one.id), "id": one.id, "cycle_id": wanted.cycle_id, "station_id": one.station_id,
        "leader_id": one.leader_id, "member_id": wanted.member_id, "payment": wanted.payment, "serial": one.serial,
        "pickup_code": one.pickup_code, "by_leader": wanted.by_leader, "payer": wanted.payer, "note": wanted.note,
        "goods_fen": quote.goods_fen, "fee_fen": quote.fee_fen, "payable_fen": quote.payable_fen,
        "points": quote.points, "priced": one.priced, "hold_until": one.hold_until,
        "express": one.offers[0].kind == EXPRESS,
    }  # fmt: skip


def _line_rows(one: PlacedOrder) -> Iterable[Mapping[str, Any]]:
    day = day_of(one.id)
    for line_id, line in zip(one.line_ids, one.quote.lines, strict=True):
        yield {
            "biz_date": day, "id": line_id, "order_id": one.id, "cycle_id": one.placement.cycle_id,
            "station_id": one.station_id, "offer_id": line.offer_id, "quantity": line.quantity,
            "unit_price_fen": line.unit_price_fen, "payable_fen": line.payable_fen, "discounts": line.discounts,
        }  # fmt: skip


def _fact(one: PlacedOrder) -> OrderPlaced:
    wanted = one.placement
    return OrderPlaced(
        one.id, wanted.cycle_id, one.station_id, one.leader_id, wanted.member_id, payable_fen=one.quote.payable_fen
    )
